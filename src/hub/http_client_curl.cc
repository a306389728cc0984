// HttpClient over libcurl's multi interface: one thread, one loop.
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <utility>

#include "hub/http_client.h"
#include "hub/http_reply.h"
#include "hub/http_url_curl.h"
#include "platform/clock.h"
#include "platform/random_file.h"

namespace gerbil::hub {
namespace {

constexpr int kMostRedirects = 8;
constexpr size_t kMostHeaderBytes = 256 * 1024;
constexpr long kBufferBytes = 512 * 1024;
constexpr size_t kErrorBodyBytes = 4096;

// Transfers that share a server share what is known of it.
struct Shared {
  HttpOptions options;
  std::map<std::string, bool> public_origins;    // where the named hosts were connected to
  std::map<std::string, std::string> shortcuts;  // url -> where it was redirected to
  uint64_t jitter = 0;
};

// What became of one attempt.
enum class Outcome { kDone, kAgain, kFailed };

struct Job {
  Shared* shared = nullptr;
  Transfer* transfer = nullptr;
  Url named;    // the caller's
  Url current;  // this hop's
  int hops = 0;
  bool by_shortcut = false;
  int failures = 0;          // since something new came
  uint64_t done_before = 0;  // when this attempt began
  double due = 0;            // not before
  double last_news = 0;
  std::optional<double> asked_wait;

  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  // Of this hop's reply.
  size_t header_bytes = 0;
  bool judged = false;
  bool takes_body = false;
  uint64_t skip_bytes = 0;  // at the start of the body
  bool enough = false;      // ended here, not by the server
  std::string error_body;
  std::string refused_address;
  Error error;  // why this hop is no good, where it is not libcurl that says so
  bool has_error = false;
  bool final_error = false;

  bool at_named() const { return current.origin == named.origin; }
  bool proxied() const {
    return !(current.scheme == "https" ? shared->options.https_proxy : shared->options.http_proxy)
                .empty();
  }
  uint64_t first() const { return transfer->range->offset_bytes + transfer->done_bytes; }
  uint64_t missing() const { return transfer->range->size_bytes - transfer->done_bytes; }

  void reject(ErrorCode code, std::string message, bool for_good = false) {
    error = {code, std::move(message)};
    has_error = true;
    final_error = for_good;
  }
  std::string shown() const { return shown_url(named.text); }
};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_passing(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// ---- what libcurl calls

curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  auto& job = *static_cast<Job*>(data);
  Span<const uint8_t> bytes;
  if (address->family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address->addr);
    bytes = {reinterpret_cast<const uint8_t*>(&in->sin_addr), 4};
  } else if (address->family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address->addr);
    bytes = {reinterpret_cast<const uint8_t*>(&in->sin6_addr), 16};
  }
  if (!job.proxied()) {  // else it is the proxy's address
    bool& named_is_public = job.shared->public_origins[job.named.origin];
    if (job.at_named()) {
      named_is_public = named_is_public || is_public_address(bytes);
    } else if (named_is_public && !is_public_address(bytes)) {
      job.refused_address = job.current.host;
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t take_header(char* text, size_t one, size_t count, void* data) {
  auto& job = *static_cast<Job*>(data);
  const std::string_view line(text, one * count);
  job.header_bytes += line.size();
  job.last_news = job.shared->options.clock();
  if (job.header_bytes > kMostHeaderBytes) return 0;
  if (line.starts_with("HTTP/")) {
    job.transfer->headers.clear();
  } else if (auto header = parse_header(line)) {
    job.transfer->headers.insert_or_assign(std::move(header->first), std::move(header->second));
  }
  return line.size();
}

// The named host says which file this is, or the only host.
Status check_etag(const Job& job) {
  const Transfer& transfer = *job.transfer;
  if (transfer.etag.empty() || (!job.at_named() && job.transfer->first_headers.empty())) return {};
  const std::string found = transfer.found_etag();
  if (found.empty() || found == transfer.etag) return {};
  return corrupt("{}: the file has changed on the server: its ETag is {}, expected {}", job.shown(),
                 found, transfer.etag);
}

void judge_range(Job& job) {
  const auto found = job.transfer->headers.find("content-range");
  const auto range =
      found == job.transfer->headers.end() ? std::nullopt : parse_content_range(found->second);
  if (!range)
    return job.reject(ErrorCode::kCorrupt,
                      fmt::format("{}: a part without a valid Content-Range", job.shown()));
  if (range->first != job.first() || range->last - range->first >= job.missing())
    return job.reject(
        ErrorCode::kCorrupt,
        fmt::format("{}: bytes {} to {} were asked for, the server sent {} to {}", job.shown(),
                    job.first(), job.first() + job.missing() - 1, range->first, range->last));
  const auto& total = job.transfer->total_bytes;
  if (total && range->total != *total)
    return job.reject(ErrorCode::kCorrupt,
                      fmt::format("{}: the file has changed on the server: it has {} bytes, "
                                  "expected {}",
                                  job.shown(), range->total, *total));
  job.takes_body = true;
}

// The reply's headers are whole: is its body what was asked for?
void judge(Job& job) {
  if (job.judged) return;
  job.judged = true;
  Transfer& transfer = *job.transfer;
  long status = 0;
  curl_easy_getinfo(job.easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.status = static_cast<int>(status);
  if (is_redirect(transfer.status)) return;
  if (transfer.status != 200 && transfer.status != 206) return;
  if (const Status same = check_etag(job); !same)
    return job.reject(same.error().code, same.error().message, true);
  if (transfer.head) return;
  if (!transfer.range) {
    job.takes_body = transfer.status == 200;
    if (!job.takes_body)
      job.reject(ErrorCode::kCorrupt,
                 fmt::format("{}: a part, where all of the file was asked for", job.shown()));
  } else if (transfer.status == 206) {
    judge_range(job);
  } else if (transfer.range->offset_bytes == 0) {
    job.takes_body = true;  // the whole file begins with it
    job.skip_bytes = transfer.done_bytes;
  } else {
    transfer.no_ranges = true;
    job.reject(ErrorCode::kUnsupported,
               fmt::format("{}: the server sends whole files, not parts of them", job.shown()),
               true);
  }
}

size_t take_body(char* text, size_t one, size_t count, void* data) {
  auto& job = *static_cast<Job*>(data);
  Transfer& transfer = *job.transfer;
  const size_t size = one * count;
  judge(job);
  job.last_news = job.shared->options.clock();
  if (job.has_error) return 0;
  if (!job.takes_body) {  // why the server refuses, for the message
    job.error_body.append(text, std::min(size, kErrorBodyBytes - job.error_body.size()));
    job.enough = job.error_body.size() == kErrorBodyBytes;
    return job.enough ? 0 : size;
  }
  Bytes bytes(reinterpret_cast<const std::byte*>(text), size);
  if (!transfer.range) {
    if (size > transfer.most_bytes - transfer.body.size()) {
      job.reject(ErrorCode::kCorrupt,
                 fmt::format("{}: has more than {} bytes, the limit for such a file", job.shown(),
                             transfer.most_bytes),
                 true);
      return 0;
    }
    transfer.body.append(text, size);
    return size;
  }
  const size_t skipped = std::min<uint64_t>(bytes.size(), job.skip_bytes);
  job.skip_bytes -= skipped;
  bytes = bytes.subspan(skipped);
  bytes = bytes.first(std::min<uint64_t>(bytes.size(), job.missing()));
  if (!bytes.empty()) {
    const Status taken = transfer.on_bytes(job.first(), bytes);
    if (!taken) {
      job.reject(taken.error().code, taken.error().message, true);
      return 0;
    }
    transfer.done_bytes += bytes.size();
  }
  job.enough = job.missing() == 0;
  return job.enough && transfer.status == 200 ? 0 : size;  // the rest of the file is not wanted
}

}  // namespace

// ---- the loop

struct HttpClient::Impl {
  Shared shared;
  CURLM* multi = nullptr;

  explicit Impl(HttpOptions options) {
    // Once a process; libcurl counts.
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    shared.options = std::move(options);
    shared.jitter = shared.options.jitter_seed;
    if (!shared.options.clock) shared.options.clock = platform::monotonic_seconds;
    shared.options.connections = std::clamp(shared.options.connections, 1, 64);
    if (ready == CURLE_OK) multi = curl_multi_init();
    if (multi) curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2L * shared.options.connections);
  }
  ~Impl() {
    if (multi) curl_multi_cleanup(multi);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  double now() const { return shared.options.clock(); }
  Result<std::unique_ptr<Job>> new_job(Transfer& transfer);
  Status start(Job& job);
  void end(Job& job);
  Outcome finish(Job& job, CURLcode code);
  Outcome follow(Job& job);
  Outcome refuse(Job& job);
  Outcome retry(Job& job);
  double wait_before(const Job& job);
};

Result<std::unique_ptr<Job>> HttpClient::Impl::new_job(Transfer& transfer) {
  auto job = std::make_unique<Job>();
  job->shared = &shared;
  job->transfer = &transfer;
  GERBIL_TRY(job->named, parse_url(transfer.url));
  return job;
}

// A connection is made or reused and the request sent.
Status HttpClient::Impl::start(Job& job) {
  Transfer& transfer = *job.transfer;
  if (job.hops == 0) {
    job.current = job.named;
    job.done_before = transfer.done_bytes;
    transfer.first_headers.clear();
    const auto shortcut = shared.shortcuts.find(job.named.text);
    job.by_shortcut = transfer.range && shortcut != shared.shortcuts.end();
    if (job.by_shortcut) {
      GERBIL_TRY(job.current, parse_url(shortcut->second));
    }
  }
  if (!transfer.range) transfer.body.clear();
  transfer.status = 0;
  transfer.headers.clear();
  job.header_bytes = 0;
  job.judged = job.takes_body = job.enough = job.has_error = job.final_error = false;
  job.skip_bytes = 0;
  job.error_body.clear();
  job.refused_address.clear();
  job.last_news = now();

  const bool away = job.current.origin != job.named.origin;
  if (away && job.proxied() && may_be_public_host(job.named.host) &&
      !may_be_public_host(job.current.host)) {
    job.refused_address = job.current.host;
    return fail(ErrorCode::kIo, "{}: the server redirects to {}, a private address", job.shown(),
                job.current.host);
  }
  CURL* easy = job.easy = curl_easy_init();
  if (!easy) return fail(ErrorCode::kOutOfMemory, "out of memory");
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  const HttpOptions& options = shared.options;
  set(CURLOPT_URL, job.current.text.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  set(CURLOPT_PROTOCOLS_STR, "http,https");
#endif
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));  // connections add up
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  // Empty: none, and the environment is not asked.
  set(CURLOPT_PROXY,
      (job.current.scheme == "https" ? options.https_proxy : options.http_proxy).c_str());
  set(CURLOPT_NOPROXY, options.no_proxy.c_str());
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::ceil(options.connect_s * 1e3)));
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_PRIVATE, static_cast<void*>(&job));
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&job));
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&job));
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&job));
  if (transfer.head) set(CURLOPT_NOBODY, 1L);
  const auto add = [&](const std::string& header) {
    job.headers = curl_slist_append(job.headers, header.c_str());
  };
  add("Accept-Encoding: identity");  // lengths and ranges are those of the file
  if (!transfer.token.empty() && !away) add("Authorization: Bearer " + transfer.token);
  if (transfer.range)
    add(fmt::format("Range: bytes={}-{}", job.first(), job.first() + job.missing() - 1));
  set(CURLOPT_HTTPHEADER, job.headers);
  if (curl_multi_add_handle(multi, easy) != CURLM_OK)
    return fail(ErrorCode::kInternal, "{}: libcurl took no more transfers", job.shown());
  return {};
}

void HttpClient::Impl::end(Job& job) {
  if (job.easy) {
    curl_multi_remove_handle(multi, job.easy);
    curl_easy_cleanup(std::exchange(job.easy, nullptr));
  }
  curl_slist_free_all(std::exchange(job.headers, nullptr));
}

double HttpClient::Impl::wait_before(const Job& job) {
  const HttpOptions& options = shared.options;
  // splitmix64: half to all of the wait, so that many clients do not come back together.
  uint64_t z = shared.jitter += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  const double share = 0.5 + 0.5 * static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  const double doubled = options.first_wait_s * std::exp2(std::min(job.failures - 1, 30));
  double wait = share * std::min(doubled, options.longest_wait_s);
  if (job.asked_wait) wait = std::max(wait, std::min(*job.asked_wait, options.longest_asked_s));
  return wait;
}

// After a failure that may pass; job.error says which.
Outcome HttpClient::Impl::retry(Job& job) {
  const uint64_t done = job.transfer->done_bytes;
  if (done > job.done_before) job.failures = 0;
  if (job.by_shortcut) shared.shortcuts.erase(job.named.text);
  if (++job.failures >= std::max(shared.options.attempts, 1)) return Outcome::kFailed;
  job.hops = 0;
  job.due = now() + wait_before(job);
  job.asked_wait.reset();
  return Outcome::kAgain;
}

Outcome HttpClient::Impl::follow(Job& job) {
  Transfer& transfer = *job.transfer;
  const auto fails = [&](ErrorCode code, std::string message) {
    job.reject(code, std::move(message), true);
    return Outcome::kFailed;
  };
  const auto location = transfer.headers.find("location");
  if (location == transfer.headers.end())
    return fails(ErrorCode::kIo, fmt::format("{}: a redirect to nowhere", job.shown()));
  auto target = parse_url(location->second, job.current.text);
  if (!target)
    return fails(ErrorCode::kIo, fmt::format("{}: a redirect that is not followed: {}", job.shown(),
                                             target.error().message));
  if (job.current.scheme == "https" && target->scheme != "https")
    return fails(ErrorCode::kIo, fmt::format("{}: the server redirects from https to http ({})",
                                             job.shown(), shown_url(target->text)));
  const bool away = target->origin != job.named.origin;
  if (transfer.head && away) return Outcome::kDone;
  // What the named host says last is what counts.
  if (job.at_named()) transfer.first_headers = away ? transfer.headers : HttpHeaders();
  if (++job.hops > kMostRedirects)
    return fails(ErrorCode::kIo,
                 fmt::format("{}: more than {} redirects", job.shown(), kMostRedirects));
  if (const Status same = check_etag(job); !same && away)
    return fails(same.error().code, same.error().message);
  job.current = *std::move(target);
  job.due = 0;
  return Outcome::kAgain;
}

// A status that is no success.
Outcome HttpClient::Impl::refuse(Job& job) {
  Transfer& transfer = *job.transfer;
  const int status = transfer.status;
  std::string why;
  const auto said = transfer.headers.find("x-error-message");
  if (said != transfer.headers.end()) why = fmt::format(": {}", shown_url(said->second));
  const ErrorCode code = status == 404 || status == 410 ? ErrorCode::kNotFound : ErrorCode::kIo;
  job.reject(code, fmt::format("{}: the server answers {}{}", job.shown(), status, why), true);
  if (const auto after = transfer.headers.find("retry-after"); after != transfer.headers.end())
    job.asked_wait = parse_retry_after(after->second);
  // Where a redirect led to is for a while only.
  if (is_passing(status) || job.by_shortcut) return retry(job);
  return Outcome::kFailed;
}

Outcome HttpClient::Impl::finish(Job& job, CURLcode code) {
  Transfer& transfer = *job.transfer;
  if (code == CURLE_OK) judge(job);
  const bool ended_here = code == CURLE_WRITE_ERROR && job.enough;
  if (!job.refused_address.empty()) {
    job.reject(ErrorCode::kIo,
               fmt::format("{}: the server redirects to {}, a private address", job.shown(),
                           job.refused_address),
               true);
    return Outcome::kFailed;
  }
  if (job.final_error) return Outcome::kFailed;
  if (job.has_error) return retry(job);
  if (code == CURLE_OK || ended_here) {
    if (is_redirect(transfer.status)) return follow(job);
    if (transfer.status != 200 && transfer.status != 206) return refuse(job);
    if (transfer.range && !transfer.head && job.missing() > 0) {
      job.reject(ErrorCode::kIo, fmt::format("{}: the answer ended {} bytes too early", job.shown(),
                                             job.missing()));
      return retry(job);
    }
    if (transfer.range && job.hops > 0 && !job.at_named())
      shared.shortcuts.insert_or_assign(job.named.text, job.current.text);
    return Outcome::kDone;
  }
  job.reject(ErrorCode::kIo, fmt::format("{}: {}", job.shown(), curl_easy_strerror(code)));
  // A wrong certificate or name does not get better by asking again.
  const bool for_good = code == CURLE_PEER_FAILED_VERIFICATION ||
                        code == CURLE_SSL_CACERT_BADFILE || code == CURLE_OUT_OF_MEMORY;
  return for_good ? Outcome::kFailed : retry(job);
}

HttpClient::HttpClient(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Status HttpClient::run(Span<Transfer> transfers) {
  Impl& impl = *impl_;
  const HttpOptions& options = impl.shared.options;
  if (!impl.multi) return fail(ErrorCode::kInternal, "libcurl cannot be started");
  const platform::PipeSignalBlock no_signal;
  std::list<std::unique_ptr<Job>> jobs;  // waiting or running
  size_t next = 0;
  std::optional<Error> failed;
  const auto settle = [&](Job& job, Outcome outcome) {
    impl.end(job);
    if (outcome == Outcome::kFailed) failed = job.error;
    if (outcome == Outcome::kDone)
      std::erase_if(jobs, [&](const auto& other) { return other.get() == &job; });
  };
  while (!failed && (!jobs.empty() || next < transfers.size())) {
    if (options.cancelled && options.cancelled()) {
      failed = Error{ErrorCode::kCancelled, "fetching was stopped"};
      break;
    }
    while (jobs.size() < static_cast<size_t>(options.connections) && next < transfers.size()) {
      auto job = impl.new_job(transfers[next++]);
      if (!job) {
        failed = job.error();
        break;
      }
      jobs.push_back(*std::move(job));
    }
    double sleep = 0.1;
    for (const auto& job : jobs) {
      if (job->easy || failed) continue;
      const double wait = job->due - impl.now();
      if (wait > 0) {
        sleep = std::min(sleep, wait);
      } else if (const Status started = impl.start(*job); !started) {
        failed = started.error();
      }
    }
    int running = 0;
    if (curl_multi_perform(impl.multi, &running) != CURLM_OK && !failed)
      failed = Error{ErrorCode::kInternal, "libcurl failed"};
    int left = 0;
    bool news = false;
    while (const CURLMsg* message = curl_multi_info_read(impl.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      char* data = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &data);
      auto& job = *reinterpret_cast<Job*>(data);
      settle(job, impl.finish(job, message->data.result));
      news = true;
    }
    const double now = impl.now();
    for (auto at = jobs.begin(); at != jobs.end() && !failed;) {
      Job& job = **at++;
      if (!job.easy || now - job.last_news <= options.stall_s) continue;
      job.reject(ErrorCode::kIo, fmt::format("{}: nothing came for {:.0f} s", job.shown(),
                                             std::ceil(options.stall_s)));
      settle(job, impl.retry(job));
      news = true;
    }
    if (!news && !failed)
      curl_multi_poll(impl.multi, nullptr, 0, static_cast<int>(std::ceil(sleep * 1e3)), nullptr);
  }
  for (const auto& job : jobs) impl.end(*job);
  if (failed) return std::unexpected(*std::move(failed));
  return {};
}

}  // namespace gerbil::hub
