// FakeHub: a hub on this machine that serves what a test gives it and misbehaves on demand. Two
// ports: the hub itself, and the host where it keeps large files, to which it redirects.
//
// Threads: one for each connection; `on_request` is called on them, one at a time. The destructor
// ends them all. Failures of the system throw std::runtime_error.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::hub::testing {

struct HubRequest {
  std::string method;
  std::string path;                            // decoded, without the query
  std::map<std::string, std::string> headers;  // lower-case names
  bool to_storage = false;                     // the other port
  int number = 0;                              // of all requests, from 0
  // Of the header Range.
  std::optional<std::pair<uint64_t, uint64_t>> range;  // first, last

  bool has_token() const { return headers.contains("authorization"); }
};

struct HubReply {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  uint64_t first = 0;  // of the body: what is sent
  uint64_t size = 0;

  // Misbehaviour.
  std::optional<uint64_t> drop_after;     // bytes of the body, then the connection is cut
  std::optional<uint64_t> stall_after;    // likewise, then silence until the hub's end
  std::optional<int64_t> claimed_length;  // Content-Length, whatever is sent
  uint64_t bytes_s = 0;                   // not faster; 0: as fast as it goes

  void set_text(int with_status, std::string text) {
    status = with_status;
    body = std::make_shared<const std::string>(std::move(text));
    first = 0;
    size = body->size();
  }
};

class FakeHub {
 public:
  FakeHub();
  ~FakeHub();
  FakeHub(const FakeHub&) = delete;
  FakeHub& operator=(const FakeHub&) = delete;

  std::string url() const;          // "http://127.0.0.1:PORT"
  std::string storage_url() const;  // of the other port

  // A file of a repository's one revision, called main; large: kept at the other host.
  void add(const std::string& repo, const std::string& path, std::string bytes, bool large = false);
  // What commit of the repository main is: it changes with each file.
  std::string commit(const std::string& repo) const;
  // ETag of a file.
  std::string etag(const std::string& repo, const std::string& path) const;

  // Called with each request and what would be answered.
  void on_request(std::function<void(const HubRequest&, HubReply&)> change);
  // All so far.
  std::vector<HubRequest> requests() const;
  void forget_requests();
  uint64_t body_bytes_sent() const;  // of files and answers, not of errors and redirects

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gerbil::hub::testing
