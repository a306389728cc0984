// Linux control groups and small system files, for processors and memory. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gerbil::platform {

// The first 4 KiB of a file under /proc or /sys without a closing newline; "" where there is none.
std::string read_system_file(const std::string& path);

// The values of `file` ("cpu.max") in this process's control group and those above it (version 2).
std::vector<std::string> cgroup_values(std::string_view file);

}  // namespace gerbil::platform
