// HttpClient: HTTP and HTTPS as a hub needs them: whole small files, ranges of large ones, many
// transfers at once on the thread that calls.
//
// What it promises, whatever the server does:
// - Redirects are followed here, a few at most, to http(s) alone and never from https to http. The
//   token goes to the host that the caller named and to no other. Where that host has a public
//   address, a redirect to a private one (this machine, its network, a cloud's metadata service) is
//   refused before it is connected to.
// - What is lost, stalls, is short or answers "later" (408, 425, 429, 5xx) is tried again behind a
//   wait that doubles, with jitter; a range goes on where it ended. Other answers are errors at
//   once.
// - A range is what was asked for or an error: its place, the file's size and its ETag are checked
//   with each reply.
//
// A client belongs to one thread. It reads no environment: proxies and certificates are what the
// options say. In builds without libcurl every transfer is kUnsupported.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "hub/byte_range.h"

namespace gerbil::hub {

struct HttpOptions {
  std::string user_agent = "gerbil";
  // "http://host:port"; empty: none. no_proxy: hosts that are reached without, with commas.
  std::string http_proxy, https_proxy, no_proxy;
  std::string ca_file;           // certificates to trust; empty: the system's
  int connections = 8;           // at once
  int attempts = 6;              // of a transfer that brings nothing new
  double first_wait_s = 0.5;     // before the second attempt; doubles
  double longest_wait_s = 20;    // unless the server asks for more (Retry-After),
  double longest_asked_s = 120;  // which is obeyed up to this
  double connect_s = 15;
  double stall_s = 20;  // without a byte: as good as lost
  uint64_t jitter_seed = 0;
  std::function<double()> clock;    // seconds that only grow; empty: the system's
  std::function<bool()> cancelled;  // asked often
};

using HttpHeaders = std::map<std::string, std::string, std::less<>>;  // lower-case names

struct Transfer {
  // What is wanted.
  std::string url;
  std::string token;  // empty: none
  bool head = false;  // the reply's headers alone; a redirect to another host is a reply too
  std::optional<ByteRange> range;       // else all of it
  uint64_t most_bytes = 16u << 20;      // of all of it
  std::optional<uint64_t> total_bytes;  // that the file must have, where a range is asked for
  std::string etag;                     // likewise, as Transfer::found_etag() has it; empty: any
  // A piece of the range, in order: `offset_bytes` counts in the file. An error ends the run. Not
  // called for all of a file: that becomes `body`.
  std::function<Status(uint64_t offset_bytes, Bytes bytes)> on_bytes;

  // What was found.
  int status = 0;             // of the last reply; 0: none came
  HttpHeaders headers;        // of the last reply
  HttpHeaders first_headers;  // of the named host's reply, where that was a redirect
  std::string body;
  uint64_t done_bytes = 0;  // of the range
  bool no_ranges = false;   // it failed because the server has only whole files

  // What the named host says that the file is, without quotes: X-Linked-Etag, else its ETag.
  std::string found_etag() const;
  // Likewise its size, as replies to HEAD have it: X-Linked-Size, else Content-Length.
  std::optional<uint64_t> found_size() const;
};

class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Until all are done, or the first fails for good: kNotFound (404, 410), kCancelled, kCorrupt
  // (not what was asked for), kUnsupported, kIo (the rest). What on_bytes got stays done in any
  // case.
  Status run(Span<Transfer> transfers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gerbil::hub
