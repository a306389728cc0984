#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/quote.h"
#include "platform/descriptor.h"
#include "platform/file.h"

namespace gerbil::platform {

FileKind file_kind(const std::string& path) {
  struct stat status{};
  if (path.find('\0') != std::string::npos) return FileKind::kNone;
  if (::stat(path.c_str(), &status) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return missing && ::lstat(path.c_str(), &status) != 0 ? FileKind::kNone : FileKind::kUnknown;
  }
  if (S_ISREG(status.st_mode)) return FileKind::kFile;
  return S_ISDIR(status.st_mode) ? FileKind::kFolder : FileKind::kOther;
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && !path.ends_with('/')) path += '/';
  path += name;
  return path;
}

Result<std::string> read_text_file(const std::string& path, uint64_t max_bytes) {
  GERBIL_TRY(const Descriptor file, open_regular_file(path));
  std::string text;
  std::string buffer(65536, '\0');
  for (;;) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path, "cannot be read", errno);
    if (size == 0) return text;
    if (static_cast<uint64_t>(size) > max_bytes - text.size())
      return invalid("{}: has more than {} bytes, the limit for such a file", path, max_bytes);
    text.append(buffer.data(), static_cast<size_t>(size));
  }
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return system_error(path, "cannot be listed", errno);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (!entry && errno != 0) return system_error(path, "cannot be listed", errno);
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

namespace {

constexpr int kAttempts = 100;  // names left over by processes that were killed

std::string temporary_name(const std::string& target) {
  static std::atomic<uint64_t> counter{0};  // tells apart the temporary names of one process
  return fmt::format("{}.{}-{}.tmp", target, ::getpid(), counter.fetch_add(1));
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string link_of(int descriptor) { return fmt::format("/proc/self/fd/{}", descriptor); }

// A file in `folder` that goes with the process unless it is given a name. -1: not here.
int open_without_name([[maybe_unused]] const std::string& folder) {
#ifdef O_TMPFILE
  const int descriptor = ::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (descriptor >= 0 && ::access(link_of(descriptor).c_str(), F_OK) == 0) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
#endif
  return -1;
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  const FileKind kind = file_kind(path);
  if (kind == FileKind::kFolder) return invalid("{}: is a folder, not a file", path);
  if (kind == FileKind::kOther) return invalid("{}: is not a regular file", path);
  // Behind a link, the file that it leads to is replaced, not the link.
  std::string target = path;
  if (kind == FileKind::kFile) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
    if (real) target = real.get();
  }
  if (kind != FileKind::kUnknown)
    if (const int descriptor = open_without_name(folder_of(target)); descriptor >= 0)
      return AtomicFile(std::move(target), "", descriptor);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string temporary = temporary_name(target);
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) return AtomicFile(std::move(target), std::move(temporary), descriptor);
    if (errno != EEXIST) break;
  }
  return system_error(path, "cannot be written", errno);
}

AtomicFile::~AtomicFile() { drop(); }

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    drop();
    path_ = std::move(other.path_);
    temporary_ = std::move(other.temporary_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void AtomicFile::drop() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  descriptor_ = -1;
}

Status AtomicFile::write(Bytes bytes) {
  GERBIL_ASSERT(descriptor_ >= 0);
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor_, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path_, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<size_t>(size));
  }
  return {};
}

Status AtomicFile::give_name() {
  const std::string link = link_of(descriptor_);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = temporary_name(path_);
    if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = std::move(name);
      return {};
    }
    if (errno != EEXIST) break;
  }
  return system_error(path_, "cannot be written", errno);
}

Status AtomicFile::commit() {
  GERBIL_ASSERT(descriptor_ >= 0);
  const bool flushed = ::fsync(descriptor_) == 0;
  const int flush_error = errno;
  // Only then, for flushing takes long: who is ended meanwhile leaves no name behind.
  if (flushed && temporary_.empty()) GERBIL_CHECK_OK(give_name());
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  const int close_error = errno;
  if (!flushed || !closed || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = !flushed ? flush_error : !closed ? close_error : errno;
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    return system_error(path_, "cannot be written", error);
  }
  // The rename lasts once the folder is on the disk too; a system that cannot do that is no
  // failure.
  if (const auto handle = open_for_reading(folder_of(path_))) ::fsync(handle->get());
  return {};
}

}  // namespace gerbil::platform
