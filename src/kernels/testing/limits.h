// What this machine can do at best, to put a kernel's speed beside: for benchmarks.
#pragma once

#include <cstdint>

#include "base/span.h"
#include "platform/thread_pool.h"

namespace gerbil::kernels::testing {

// Reads every number once, with the widest vectors; returns their sum.
float read_all(Span<const float> numbers, platform::ThreadPool& pool);

// Multiplies and adds vectors in registers on every thread; returns how many operations (a
// multiply-add is two).
uint64_t multiply_add(platform::ThreadPool& pool);

}  // namespace gerbil::kernels::testing
