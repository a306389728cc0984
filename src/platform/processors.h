// How many threads of this process can really run at once: the processors it may be scheduled on,
// lowered to the CPU quota of its control groups (containers). Thread-safe; reads the system anew
// on each call.
#pragma once

#include <optional>
#include <string_view>

namespace gerbil::platform {

// At least 1.
int usable_processors();

// Processors' worth of time in a control group's "cpu.max" ("200000 100000" -> 2, "max 100000" ->
// none), rounded up. For usable_processors and its test.
std::optional<int> processors_of_quota(std::string_view cpu_max);

}  // namespace gerbil::platform
