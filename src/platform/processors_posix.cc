#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "platform/cgroup.h"
#include "platform/processors.h"

namespace gerbil::platform {
namespace {

int allowed_processors() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

std::optional<int> processors_of_quota(std::string_view cpu_max) {
  int64_t quota = 0;
  int64_t period = 0;
  const char* end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<int>(std::clamp<int64_t>((quota - 1) / period + 1, 1, 65536));
}

int usable_processors() {
  int count = allowed_processors();
  for (const std::string& folder : cgroup_folders())
    if (const auto processors = processors_of_quota(read_system_file(folder + "/cpu.max")))
      count = std::min(count, *processors);
  // Version 1 of control groups, as seen from inside a container.
  const std::string quota = read_system_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const std::string period = read_system_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (const auto processors = processors_of_quota(quota + " " + period))
    count = std::min(count, *processors);
  return count;
}

}  // namespace gerbil::platform
