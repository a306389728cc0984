#include "hub/testing/fake_hub.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace gerbil::hub::testing {
namespace {

std::string hex(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string sha1(const std::string& text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return hex(digest, sizeof digest);
}

std::string sha256(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return hex(digest, sizeof digest);
}

struct File {
  std::shared_ptr<const std::string> bytes;
  std::string etag;
  bool large = false;
};

using Repo = std::map<std::string, File>;

std::string commit_of(const Repo& repo) {
  std::string all;
  for (const auto& [path, file] : repo) all += path + "\n" + file.etag + "\n";
  return sha1(all);
}

std::string decoded(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace

struct FakeHub::State {
  mutable std::mutex mutex;
  std::condition_variable ending;
  bool stop = false;
  std::map<std::string, Repo> repos;
  std::function<void(const HubRequest&, HubReply&)> change;
  std::vector<HubRequest> log;
  std::atomic<uint64_t> sent{0};

  struct Port {
    int socket = -1;
    int number = 0;
    std::thread thread;
  };
  Port ports[2];
  struct Connection {
    int socket = -1;
    std::thread thread;
  };
  std::list<Connection> connections;

  void open(int which);
  void accept_all(int which);
  void serve(int socket, bool storage);
  bool answer(int socket, HubRequest request);
  HubReply reply_to(const HubRequest& request) const;
  HubReply api_reply(const std::string& path) const;
  HubReply file_reply(const HubRequest& request) const;
  bool send_all(int socket, const char* bytes, size_t size) const;
  bool send_body(int socket, const HubReply& reply);
};

void FakeHub::State::open(int which) {
  Port& port = ports[which];
  port.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (port.socket < 0 ||
      ::bind(port.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(port.socket, 128) != 0 ||
      ::getsockname(port.socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the fake hub cannot listen");
  port.number = ntohs(address.sin_port);
  port.thread = std::thread([this, which] { accept_all(which); });
}

void FakeHub::State::accept_all(int which) {
  for (;;) {
    const int socket = ::accept4(ports[which].socket, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard<std::mutex> lock(mutex);
    if (socket < 0 || stop) {
      if (socket >= 0) ::close(socket);
      return;
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections.push_back(
        {socket, std::thread([this, socket, which] { serve(socket, which == 1); })});
  }
}

void FakeHub::State::serve(int socket, bool storage) {
  std::string text;
  char buffer[16384];
  for (;;) {
    size_t end;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) {
      const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
      if (size <= 0) {
        ::shutdown(socket, SHUT_RDWR);
        return;
      }
      text.append(buffer, static_cast<size_t>(size));
    }
    HubRequest request;
    request.to_storage = storage;
    size_t line_end = text.find("\r\n");
    const std::string line = text.substr(0, line_end);
    const size_t space = line.find(' ');
    request.method = line.substr(0, space);
    const std::string target = line.substr(space + 1, line.rfind(' ') - space - 1);
    request.path = decoded(target.substr(0, target.find('?')));
    while (line_end < end) {
      const size_t start = line_end + 2;
      line_end = text.find("\r\n", start);
      const std::string header = text.substr(start, line_end - start);
      std::string name = header.substr(0, header.find(':'));
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      request.headers[name] = header.substr(std::min(header.size(), name.size() + 2));
    }
    text.erase(0, end + 4);
    if (const auto range = request.headers.find("range"); range != request.headers.end()) {
      const std::string& value = range->second;  // bytes=A-B
      const size_t dash = value.find('-');
      request.range = {std::stoull(value.substr(6, dash - 6)), std::stoull(value.substr(dash + 1))};
    }
    if (!answer(socket, std::move(request))) {
      ::shutdown(socket, SHUT_RDWR);
      return;
    }
  }
}

bool FakeHub::State::answer(int socket, HubRequest request) {
  HubReply reply;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    request.number = static_cast<int>(log.size());
    log.push_back(request);
    reply = reply_to(request);
    if (change) change(request, reply);
  }
  const uint64_t length =
      reply.claimed_length ? static_cast<uint64_t>(*reply.claimed_length) : reply.size;
  std::string head = fmt::format("HTTP/1.1 {} Some\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (!reply.headers.contains("Content-Length"))
    head += fmt::format("Content-Length: {}\r\n", length);
  head += "\r\n";
  if (!send_all(socket, head.data(), head.size())) return false;
  if (request.method == "HEAD") return true;
  return send_body(socket, reply) && length == reply.size;
}

bool FakeHub::State::send_all(int socket, const char* bytes, size_t size) const {
  while (size > 0) {
    const ssize_t sent_now = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent_now <= 0) return false;
    bytes += sent_now;
    size -= static_cast<size_t>(sent_now);
  }
  return true;
}

bool FakeHub::State::send_body(int socket, const HubReply& reply) {
  constexpr uint64_t kPiece = 65536;
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  const uint64_t end = std::min(
      {reply.size, reply.drop_after.value_or(reply.size), reply.stall_after.value_or(reply.size)});
  for (uint64_t done = 0; done < end;) {
    const uint64_t size = std::min(kPiece, end - done);
    if (!send_all(socket, reply.body->data() + reply.first + done, size)) return false;
    done += size;
    if (reply.status < 300) sent += size;
    if (reply.bytes_s > 0) {
      std::unique_lock<std::mutex> lock(mutex);
      ending.wait_until(lock, began + std::chrono::microseconds(done * 1'000'000 / reply.bytes_s),
                        [&] { return stop; });
    }
  }
  if (reply.stall_after) {
    std::unique_lock<std::mutex> lock(mutex);
    ending.wait_for(lock, std::chrono::seconds(60), [&] { return stop; });
    return false;
  }
  return !reply.drop_after;
}

HubReply FakeHub::State::reply_to(const HubRequest& request) const {
  if (!request.to_storage && request.path.starts_with("/api/models/"))
    return api_reply(request.path);
  return file_reply(request);
}

// /api/models/ORG/NAME/revision/REVISION
HubReply FakeHub::State::api_reply(const std::string& path) const {
  HubReply reply;
  const std::string rest = path.substr(std::string_view("/api/models/").size());
  const size_t at = rest.find("/revision/");
  const auto repo = repos.find(rest.substr(0, at));
  if (at == std::string::npos || repo == repos.end()) {
    reply.set_text(404, R"({"error":"Repository not found"})");
    reply.headers["X-Error-Code"] = "RepoNotFound";
    return reply;
  }
  const std::string commit = commit_of(repo->second);
  const std::string revision = rest.substr(at + 10);
  if (revision != "main" && revision != commit) {
    reply.set_text(404, R"({"error":"Invalid rev id"})");
    reply.headers["X-Error-Code"] = "RevisionNotFound";
    return reply;
  }
  std::string siblings;
  for (const auto& [name, file] : repo->second)
    siblings += fmt::format("{}{{\"rfilename\":\"{}\"}}", siblings.empty() ? "" : ",", name);
  reply.set_text(200, fmt::format(R"({{"id":"{}","sha":"{}","private":false,"siblings":[{}]}})",
                                  repo->first, commit, siblings));
  return reply;
}

// /ORG/NAME/resolve/COMMIT/FILE, and the same at the other host
HubReply FakeHub::State::file_reply(const HubRequest& request) const {
  HubReply reply;
  reply.set_text(404, "Entry not found");
  const size_t at = request.path.find("/resolve/");
  if (at == std::string::npos || at < 1) return reply;
  const auto repo = repos.find(request.path.substr(1, at - 1));
  if (repo == repos.end()) return reply;
  const std::string rest = request.path.substr(at + 9);
  const size_t slash = rest.find('/');
  if (slash == std::string::npos) return reply;
  const std::string commit = commit_of(repo->second);
  const auto file = repo->second.find(rest.substr(slash + 1));
  if (file == repo->second.end() ||
      (rest.substr(0, slash) != commit && rest.substr(0, slash) != "main"))
    return reply;
  const File& found = file->second;
  const uint64_t size = found.bytes->size();
  if (!request.to_storage) reply.headers["X-Repo-Commit"] = commit;
  if (found.large && !request.to_storage) {
    reply.set_text(302, "Found. Redirecting");
    reply.headers["X-Linked-Etag"] = "\"" + found.etag + "\"";
    reply.headers["X-Linked-Size"] = std::to_string(size);
    reply.headers["Location"] =
        fmt::format("http://127.0.0.1:{}{}?signature=secret", ports[1].number, request.path);
    return reply;
  }
  reply.status = 200;
  reply.body = found.bytes;
  reply.size = size;
  reply.headers["ETag"] = found.large ? "\"storage\"" : "\"" + found.etag + "\"";
  reply.headers["Accept-Ranges"] = "bytes";
  if (!request.range) return reply;
  const uint64_t first = request.range->first;
  const uint64_t last = std::min(request.range->second, size == 0 ? 0 : size - 1);
  if (first > last || first >= size) {
    reply.set_text(416, "");
    reply.headers["Content-Range"] = fmt::format("bytes */{}", size);
    return reply;
  }
  reply.status = 206;
  reply.first = first;
  reply.size = last - first + 1;
  reply.headers["Content-Range"] = fmt::format("bytes {}-{}/{}", first, last, size);
  return reply;
}

FakeHub::FakeHub() : state_(std::make_shared<State>()) {
  state_->open(0);
  state_->open(1);
}

FakeHub::~FakeHub() {
  State& state = *state_;
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    state.stop = true;
    state.ending.notify_all();
    for (const State::Port& port : state.ports) ::shutdown(port.socket, SHUT_RDWR);
    for (const State::Connection& connection : state.connections)
      ::shutdown(connection.socket, SHUT_RDWR);
  }
  for (State::Port& port : state.ports) {
    port.thread.join();
    ::close(port.socket);
  }
  for (State::Connection& connection : state.connections) {
    connection.thread.join();
    ::close(connection.socket);
  }
}

std::string FakeHub::url() const {
  return fmt::format("http://127.0.0.1:{}", state_->ports[0].number);
}

std::string FakeHub::storage_url() const {
  return fmt::format("http://127.0.0.1:{}", state_->ports[1].number);
}

void FakeHub::add(const std::string& repo, const std::string& path, std::string bytes, bool large) {
  File file;
  file.large = large;
  file.etag = large ? sha256(bytes)
                    : sha1(fmt::format("blob {}", bytes.size()) + std::string(1, '\0') + bytes);
  file.bytes = std::make_shared<const std::string>(std::move(bytes));
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->repos[repo][path] = std::move(file);
}

std::string FakeHub::commit(const std::string& repo) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return commit_of(state_->repos.at(repo));
}

std::string FakeHub::etag(const std::string& repo, const std::string& path) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->repos.at(repo).at(path).etag;
}

void FakeHub::on_request(std::function<void(const HubRequest&, HubReply&)> change) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->change = std::move(change);
}

std::vector<HubRequest> FakeHub::requests() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->log;
}

void FakeHub::forget_requests() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->log.clear();
}

uint64_t FakeHub::body_bytes_sent() const { return state_->sent; }

}  // namespace gerbil::hub::testing
