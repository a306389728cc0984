#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "platform/cgroup.h"

namespace gerbil::platform {

std::string read_system_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::string text(16384, '\0');
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<std::string> cgroup_folders() {
  // "0::/user.slice/session" (version 2 has the one line that starts with 0::).
  const std::string groups = read_system_file("/proc/self/cgroup");
  const size_t start = groups.find("0::/");
  std::vector<std::string> folders;
  if (start == std::string::npos) return folders;
  std::string group = groups.substr(start + 3, groups.find('\n', start) - start - 3);
  constexpr int kMostLevels = 32;
  for (int level = 0; level < kMostLevels; ++level) {
    folders.push_back("/sys/fs/cgroup" + (group == "/" ? "" : group));
    if (group.size() <= 1) break;
    group.resize(std::max<size_t>(group.rfind('/'), 1));
  }
  return folders;
}

}  // namespace gerbil::platform
