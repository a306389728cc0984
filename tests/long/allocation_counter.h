// Counts the allocations of the whole process: this file's program has its own malloc, which hands
// on to the C library's. Thread-safe.
#pragma once

#include <cstdint>

namespace gerbil::testing {

// False where the C library has no other way to its memory (it is not glibc, or a sanitizer's).
bool allocations_are_counted();
uint64_t allocations();  // so far

}  // namespace gerbil::testing
