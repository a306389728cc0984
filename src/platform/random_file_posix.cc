#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/random_file.h"

namespace gerbil::platform {
namespace {

constexpr int kDeepestFolder = 32;

Result<int> open_own(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  int descriptor;
  do {
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return system_error(path, "cannot be opened for writing", errno);
  struct stat status{};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return descriptor;
  ::close(descriptor);
  return invalid("{}: is not a regular file", path);
}

void flush_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  // A system that cannot do that is no failure.
  if (const auto handle = open_for_reading(folder)) ::fsync(handle->get());
}

}  // namespace

Result<RandomFile> RandomFile::open(const std::string& path) {
  GERBIL_TRY(const int descriptor, open_own(path));
  return RandomFile(path, descriptor);
}

RandomFile::~RandomFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RandomFile::RandomFile(RandomFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

RandomFile& RandomFile::operator=(RandomFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Result<uint64_t> RandomFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return system_error(path_, "cannot be read", errno);
  return static_cast<uint64_t>(status.st_size);
}

Status RandomFile::resize(uint64_t size_bytes) {
  if (size_bytes > static_cast<uint64_t>(INT64_MAX))
    return invalid("{}: {} bytes are too many for a file", path_, size_bytes);
  while (::ftruncate(descriptor_, static_cast<off_t>(size_bytes)) != 0)
    if (errno != EINTR) return system_error(path_, "cannot be written", errno);
  return {};
}

Status RandomFile::write_at(uint64_t offset_bytes, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t size =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path_, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<size_t>(size));
    offset_bytes += static_cast<uint64_t>(size);
  }
  return {};
}

Status RandomFile::read_at(uint64_t offset_bytes, Span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t size =
        ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset_bytes));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path_, "cannot be read", errno);
    if (size == 0)
      return corrupt("{}: ends at byte {}, {} more were expected", path_, offset_bytes, out.size());
    out = out.subspan(static_cast<size_t>(size));
    offset_bytes += static_cast<uint64_t>(size);
  }
  return {};
}

Status RandomFile::flush() {
  if (::fsync(descriptor_) != 0) return system_error(path_, "cannot be written", errno);
  return {};
}

Result<std::optional<FileLock>> FileLock::take(const std::string& path) {
  GERBIL_TRY(const int descriptor, open_own(path));
  FileLock lock(descriptor);
  int result;
  do {
    result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return std::optional<FileLock>(std::move(lock));
  if (errno == EWOULDBLOCK) return std::optional<FileLock>();
  return system_error(path, "cannot be locked", errno);
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Status rename_file(const std::string& from, const std::string& to) {
  GERBIL_CHECK_OK(check_path(from));
  GERBIL_CHECK_OK(check_path(to));
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(to, "cannot be written", errno);
  flush_folder_of(to);
  return {};
}

Status make_link(const std::string& target, const std::string& path) {
  GERBIL_CHECK_OK(check_path(target));
  GERBIL_CHECK_OK(check_path(path));
  static std::atomic<uint64_t> counter{0};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string temporary =
        fmt::format("{}.{}-{}.tmp", path, ::getpid(), counter.fetch_add(1));
    if (::symlink(target.c_str(), temporary.c_str()) != 0) {
      if (errno == EEXIST) continue;
      break;
    }
    if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const int error = errno;
    ::unlink(temporary.c_str());
    return system_error(path, "cannot be linked", error);
  }
  return system_error(path, "cannot be linked", errno);
}

std::optional<std::string> read_link(const std::string& path) {
  if (path.empty() || path.find('\0') != std::string::npos) return std::nullopt;
  std::string target(4096, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0 || static_cast<size_t>(size) >= target.size()) return std::nullopt;
  target.resize(static_cast<size_t>(size));
  return target;
}

namespace {

// Calls `visit` for what is below a folder, a folder's content before itself; links are followed
// nowhere. False: it did not get everywhere.
template <class Visit>
bool walk(const std::string& folder, int depth, const Visit& visit) {
  if (depth > kDeepestFolder) return false;
  const auto names = list_folder(folder);
  if (!names) return false;
  bool all = true;
  for (const std::string& name : *names) {
    const std::string path = join_path(folder, name);
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) all &= walk(path, depth + 1, visit);
    visit(path, status);
  }
  return all;
}

}  // namespace

Status remove_folder(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? Status() : system_error(path, "cannot be removed", errno);
  if (!S_ISDIR(status.st_mode)) return invalid("{}: is not a folder", path);
  int error = 0;
  std::string place;
  const auto remove = [&](const std::string& which, bool folder) {
    if ((folder ? ::rmdir(which.c_str()) : ::unlink(which.c_str())) == 0 || errno == ENOENT ||
        error != 0)
      return;
    error = errno;
    place = which;
  };
  walk(path, 0, [&](const std::string& which, const struct stat& of) {
    remove(which, S_ISDIR(of.st_mode));
  });
  remove(path, true);
  return error == 0 ? Status() : system_error(place, "cannot be removed", error);
}

uint64_t bytes_on_disk(const std::string& path) {
  uint64_t bytes = 0;
  walk(path, 0, [&](const std::string&, const struct stat& of) {
    if (S_ISREG(of.st_mode)) bytes += static_cast<uint64_t>(of.st_blocks) * 512;
  });
  return bytes;
}

std::optional<uint64_t> free_disk_bytes(const std::string& folder) {
  struct statvfs status{};
  if (::statvfs(folder.c_str(), &status) != 0) return std::nullopt;
  return static_cast<uint64_t>(status.f_bavail) * static_cast<uint64_t>(status.f_frsize);
}

PipeSignalBlock::PipeSignalBlock() {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  // One that waits already is somebody else's.
  if (::sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) return;
  blocked_ = ::pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0 && !sigismember(&before, SIGPIPE);
}

PipeSignalBlock::~PipeSignalBlock() {
  if (!blocked_) return;
  sigset_t pipe, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  int which = 0;
  if (::sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1) ::sigwait(&pipe, &which);
  ::pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
}

void sleep_seconds(double seconds) {
  if (!(seconds > 0)) return;
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
  ::nanosleep(&time, nullptr);
}

}  // namespace gerbil::platform
