#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "platform/cgroup.h"

namespace gerbil::platform {

std::string read_system_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  std::string text(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<std::string> cgroup_values(std::string_view file) {
  // "0::/user.slice/session" (version 2 has the one line that starts with 0::).
  const std::string groups = read_system_file("/proc/self/cgroup");
  const size_t start = groups.find("0::/");
  std::vector<std::string> values;
  if (start == std::string::npos) return values;
  std::string group = groups.substr(start + 3, groups.find('\n', start) - start - 3);
  for (int level = 0; level < 32; ++level) {
    const std::string value =
        read_system_file(fmt::format("/sys/fs/cgroup{}/{}", group == "/" ? "" : group, file));
    if (!value.empty()) values.push_back(value);
    if (group.size() <= 1) break;
    group.resize(std::max<size_t>(group.rfind('/'), 1));
  }
  return values;
}

}  // namespace gerbil::platform
