#include "cli/safe_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gerbil::cli {
namespace {

std::unexpected<Error> failed(const std::string& path, std::string_view what, int error) {
  return std::unexpected(Error{error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                               fmt::format("{}: {}: {}", path, what, std::strerror(error))});
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

// 0, or what the system said.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return 0;
}

}  // namespace

Result<std::optional<std::string>> read_own_file(const std::string& path, uint64_t max_bytes) {
  // Not blocking: a pipe that nobody writes to would hold the program up.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  if (file.get() < 0) return failed(path, "cannot be read", errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed(path, "cannot be read", errno);
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument, fmt::format("{}: is no regular file", path)});
  }
  std::string text;
  std::string buffer(65536, '\0');
  while (true) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(path, "cannot be read", errno);
    if (size == 0) return text;
    if (static_cast<uint64_t>(size) > max_bytes - text.size()) {
      return std::unexpected(
          Error{ErrorCode::kInvalidArgument,
                fmt::format("{}: has more than {} MiB, the limit", path, max_bytes >> 20)});
    }
    text.append(buffer.data(), static_cast<size_t>(size));
  }
}

Status write_own_file(const std::string& path, std::string_view bytes) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  const std::string target = error ? path : real.string();
  std::string temporary = target + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return failed(path, "cannot be written", errno);
  int problem = write_all(file.get(), bytes);
  if (problem == 0 && ::fsync(file.get()) != 0) problem = errno;
  if (problem == 0 && std::rename(temporary.c_str(), target.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  ::unlink(temporary.c_str());
  return failed(path, "cannot be written", problem);
}

Status append_own_file(const std::string& path, std::string_view bytes) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  const Descriptor file(::open(path.c_str(), kFlags, 0600));
  if (file.get() < 0) return failed(path, "cannot be written", errno);
  ::fchmod(file.get(), 0600);  // made by an older umask, or by hand
  if (const int problem = write_all(file.get(), bytes)) {
    return failed(path, "cannot be written", problem);
  }
  return {};
}

}  // namespace gerbil::cli
