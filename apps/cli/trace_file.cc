#include "cli/trace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace gerbil::cli {
namespace {

constexpr size_t kFlushBytes = 1 << 20;

std::unexpected<Error> failed(const std::string& path, int error) {
  return std::unexpected(
      Error{error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
            fmt::format("{}: cannot be written: {}", path, std::strerror(error))});
}

std::string quoted(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

TraceFile::TraceFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {
  text_ =
      "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
      R"({"name":"process_name","ph":"M","pid":1,"args":{"name":"gerbil"}},)"
      "\n"
      R"({"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"steps"}})";
}

TraceFile::~TraceFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<std::unique_ptr<TraceFile>> TraceFile::create(const std::string& path) {
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return failed(path, EISDIR);
  std::string temporary;
  int descriptor;
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary = path + ".XXXXXX";
    descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor >= 0) ::fchmod(descriptor, usual_mode());
  }
  if (descriptor < 0) return failed(path, errno);
  return std::unique_ptr<TraceFile>(new TraceFile(path, std::move(temporary), descriptor));
}

Status TraceFile::check(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
    return {};
  const auto created = create(path);  // and dropped
  return created ? Status() : std::unexpected(created.error());
}

void TraceFile::begin_event(std::string_view name, std::string_view category, double start_s,
                            double seconds) {
  if (origin_s_ < 0) origin_s_ = start_s;
  fmt::format_to(std::back_inserter(text_),
                 R"(,{}{{"name":{},"cat":"{}","ph":"X","pid":1,"tid":1,"ts":{:.3f},"dur":{:.3f})",
                 '\n', quoted(name), category, (start_s - origin_s_) * 1e6, seconds * 1e6);
}

void TraceFile::slice(std::string_view name, std::string_view category, double start_s,
                      double seconds) {
  begin_event(name, category, start_s, seconds);
  text_ += '}';
  if (text_.size() >= kFlushBytes) write_out();
}

void TraceFile::step(const StepProfile& step) {
  begin_event("step", "step", step.start_s, step.seconds);
  fmt::format_to(std::back_inserter(text_), R"(,"args":{{"rows":{},"sequences":{}}}}})", step.rows,
                 step.sequences);
  for (const OpCall& call : step.calls) {
    begin_event(call.op, "op", call.start_s, call.seconds);
    fmt::format_to(std::back_inserter(text_), R"(,"args":{{"place":{})", quoted(call.place));
    if (call.layer >= 0) fmt::format_to(std::back_inserter(text_), R"(,"layer":{})", call.layer);
    fmt::format_to(
        std::back_inserter(text_),
        R"(,"rows":{},"kernel":{},"weight_bytes":{},"state_bytes":{},"operations":{}}}}})",
        call.rows, quoted(call.kernel), call.weight_bytes,
        call.state_read_bytes + call.state_written_bytes, call.operations);
  }
  if (text_.size() >= kFlushBytes) write_out();
}

void TraceFile::write_out() {
  for (std::string_view rest = text_; status_ && !rest.empty();) {
    const ssize_t size = ::write(descriptor_, rest.data(), rest.size());
    if (size >= 0)
      rest.remove_prefix(static_cast<size_t>(size));
    else if (errno != EINTR)
      status_ = failed(path_, errno);
  }
  text_.clear();
}

Status TraceFile::finish() {
  text_ += "\n]}\n";
  write_out();
  if (!status_) return status_;
  if (::close(std::exchange(descriptor_, -1)) != 0) status_ = failed(path_, errno);
  if (temporary_.empty()) return status_;
  if (status_ && std::rename(temporary_.c_str(), path_.c_str()) != 0)
    status_ = failed(path_, errno);
  if (!status_) ::unlink(temporary_.c_str());
  return status_;
}

}  // namespace gerbil::cli
