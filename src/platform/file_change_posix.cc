#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/descriptor.h"
#include "platform/file.h"

namespace gerbil::platform {

Result<std::string> read_start(const std::string& path, uint64_t most_bytes) {
  GERBIL_TRY(const Descriptor file, open_regular_file(path));
  std::string text(most_bytes, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::read(file.get(), text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path, "cannot be read", errno);
    if (size == 0) break;
    done += static_cast<size_t>(size);
  }
  text.resize(done);
  return text;
}

Result<FileInfo> file_info(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(path, "cannot be read", errno);
#if defined(__APPLE__)
  const timespec& changed = status.st_mtimespec;
#else
  const timespec& changed = status.st_mtim;
#endif
  return FileInfo{.size_bytes = static_cast<uint64_t>(status.st_size),
                  .changed_ns = int64_t{changed.tv_sec} * 1'000'000'000 + changed.tv_nsec};
}

Status touch_file(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0)
    return system_error(path, "cannot be written", errno);
  return {};
}

Status remove_file(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_error(path, "cannot be removed", errno);
  return {};
}

Status make_folders(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!is_folder(part) && ::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return system_error(part, "cannot be made", errno);
    if (end == std::string::npos) break;
  }
  if (!is_folder(path)) return system_error(path, "cannot be made", ENOTDIR);
  return {};
}

}  // namespace gerbil::platform
