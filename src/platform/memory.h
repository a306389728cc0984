// Physical memory of the machine, lowered to the limits of this process's control groups
// (containers). Thread-safe; reads the system anew on each call.
#pragma once

#include <cstdint>
#include <string_view>

namespace gerbil::platform {

struct Memory {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // what could be allocated now without swapping
};

// Zeros where the system does not say.
Memory physical_memory();

// Of this process.
struct ProcessMemory {
  uint64_t resident_bytes = 0;       // in memory now, mapped files included
  uint64_t peak_resident_bytes = 0;  // the most there was so far
  uint64_t anonymous_bytes = 0;      // of resident_bytes: not the pages of files
};

// Zeros where the system does not say.
ProcessMemory process_memory();

// The number behind `key` in "key: 123 kB" or "key 123" lines (/proc/meminfo, memory.stat), in
// bytes; 0 where absent. For this room and its test.
uint64_t memory_entry(std::string_view text, std::string_view key);

}  // namespace gerbil::platform
