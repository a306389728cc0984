#include "hub/range_fetch.h"

#include <algorithm>
#include <deque>

#include "hub/content_hash.h"

namespace gerbil::hub {
namespace {

constexpr uint64_t kLeastRequest = 4u << 20;
constexpr uint64_t kMostRequest = 64u << 20;
constexpr uint64_t kNotedAtOnce = 4u << 20;  // what a killed pull may lose of each request

// Takes the bytes of one request.
struct Sink {
  PartialFile* file = nullptr;
  ByteRange unnoted;
  QuickHash hash;

  Status take(uint64_t offset_bytes, Bytes bytes) {
    GERBIL_CHECK_OK(file->write(offset_bytes, bytes));
    if (unnoted.size_bytes == 0) {
      unnoted.offset_bytes = offset_bytes;
      hash.restart();
    }
    hash.add(bytes);
    unnoted.size_bytes += bytes.size();
    return unnoted.size_bytes >= kNotedAtOnce ? note() : Status();
  }
  Status note() {
    if (unnoted.size_bytes == 0) return {};
    GERBIL_CHECK_OK(file->note(unnoted, hash.value()));
    unnoted.size_bytes = 0;
    return {};
  }
};

struct Requests {
  std::deque<Sink> sinks;
  std::vector<Transfer> transfers;
  std::vector<const RangeFetch*> of;

  void add(const RangeFetch& fetch, ByteRange range, const std::string& token,
           const std::function<void(uint64_t)>& on_bytes) {
    Sink& sink = sinks.emplace_back();
    sink.file = fetch.file;
    Transfer& transfer = transfers.emplace_back();
    transfer.url = fetch.url;
    transfer.token = token;
    transfer.range = range;
    transfer.total_bytes = fetch.file->size_bytes();
    transfer.etag = fetch.file->etag();
    transfer.on_bytes = [&sink, &on_bytes](uint64_t offset_bytes, Bytes bytes) -> Status {
      GERBIL_CHECK_OK(sink.take(offset_bytes, bytes));
      if (on_bytes) on_bytes(bytes.size());
      return {};
    };
    of.push_back(&fetch);
  }
  Status run(HttpClient& client) {
    Status status = client.run(transfers);
    for (Sink& sink : sinks)
      if (Status noted = sink.note(); !noted && status) status = std::move(noted);
    return status;
  }
};

}  // namespace

Status fetch_ranges(HttpClient& client, const std::string& token, int connections,
                    Span<const RangeFetch> fetches,
                    const std::function<void(uint64_t bytes)>& on_bytes) {
  uint64_t bytes = 0;
  for (const RangeFetch& fetch : fetches) bytes += fetch.wanted.size_bytes();
  const uint64_t request = std::clamp(bytes / (4 * static_cast<uint64_t>(std::max(connections, 1))),
                                      kLeastRequest, kMostRequest);
  Requests requests;
  for (const RangeFetch& fetch : fetches)
    for (const ByteRange& range : pieces_of(fetch.wanted, request))
      requests.add(fetch, range, token, on_bytes);
  Status status = requests.run(client);
  if (status || std::ranges::none_of(requests.transfers, &Transfer::no_ranges)) return status;

  // A server without ranges: what is still missing comes with the whole file.
  Requests whole;
  for (const RangeFetch& fetch : fetches)
    if (!fetch.wanted.without(fetch.file->have()).ranges().empty())
      whole.add(fetch, {0, fetch.file->size_bytes()}, token, on_bytes);
  return whole.run(client);
}

}  // namespace gerbil::hub
