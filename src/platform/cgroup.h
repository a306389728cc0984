// Linux control groups and small system files, for processors and memory. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gerbil::platform {

// The first 16 KiB of a file under /proc or /sys without its closing newline; "" where there is
// none.
std::string read_system_file(const std::string& path);

// The folders of this process's control group (version 2) and of those above it.
std::vector<std::string> cgroup_folders();

}  // namespace gerbil::platform
