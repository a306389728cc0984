// What this machine can do at best, to put the speed of kernels beside: each function does work
// that is limited by one thing alone, and says how much it did. The caller takes the time.
//
// On the level named, which the processor supports. One caller at a time, as the pool.
#pragma once

#include <cstdint>

#include "base/span.h"
#include "platform/cpu_features.h"
#include "platform/thread_pool.h"

namespace gerbil::kernels {

// Reads every number once, with the widest vectors; returns their sum.
float read_all(Span<const float> numbers, platform::Isa isa, platform::ThreadPool& pool);

// Multiplies and adds vectors in registers on every thread; returns how many operations (a
// multiply-add is two).
uint64_t multiply_add(platform::Isa isa, platform::ThreadPool& pool);

// Multiplies and adds 8-bit integers in registers on every thread, with the best instructions of
// the level; returns how many products were added.
uint64_t multiply_add_int8(platform::Isa isa, platform::ThreadPool& pool);

}  // namespace gerbil::kernels
