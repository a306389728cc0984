#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "platform/cgroup.h"
#include "platform/memory.h"

namespace gerbil::platform {
namespace {

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
    return std::nullopt;
  return value;
}

}  // namespace

uint64_t memory_entry(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (!line.starts_with(':') && !line.starts_with(' ')) continue;
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(": \t")));
    const uint64_t value = number(line).value_or(0);
    return line.ends_with(" kB") ? value * 1024 : value;
  }
  return 0;
}

Memory physical_memory() {
  Memory memory;
  const std::string meminfo = read_system_file("/proc/meminfo");
  memory.total_bytes = memory_entry(meminfo, "MemTotal");
  memory.available_bytes = memory_entry(meminfo, "MemAvailable");
  if (memory.total_bytes == 0) {
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_bytes > 0)
      memory.total_bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes);
    memory.available_bytes = memory.total_bytes;
  }
  for (const std::string& folder : cgroup_folders()) {
    const auto limit = number(read_system_file(folder + "/memory.max"));
    const auto used = number(read_system_file(folder + "/memory.current"));
    if (!limit) continue;
    memory.total_bytes = std::min(memory.total_bytes, *limit);
    if (!used) continue;
    // Cached file pages count as used, but give way.
    const std::string statistics = read_system_file(folder + "/memory.stat");
    const uint64_t cached = std::min(
        *used, memory_entry(statistics, "inactive_file") + memory_entry(statistics, "active_file"));
    const uint64_t held = *used - cached;
    memory.available_bytes = std::min(memory.available_bytes, *limit - std::min(*limit, held));
  }
  // Version 1 of control groups, as seen from inside a container; "no limit" is a huge number.
  if (const auto limit = number(read_system_file("/sys/fs/cgroup/memory/memory.limit_in_bytes")))
    memory.total_bytes = std::min(memory.total_bytes, *limit);
  memory.available_bytes = std::min(memory.available_bytes, memory.total_bytes);
  return memory;
}

ProcessMemory process_memory() {
  const std::string status = read_system_file("/proc/self/status");
  return {.resident_bytes = memory_entry(status, "VmRSS"),
          .peak_resident_bytes = memory_entry(status, "VmHWM"),
          .anonymous_bytes = memory_entry(status, "RssAnon")};
}

}  // namespace gerbil::platform
