// for_row_blocks: spreads independent rows over the team, many rows to a task where they are short,
// so that a barrier is paid only for work worth it; small work stays on the calling thread.
#pragma once

#include <algorithm>

#include "platform/thread_pool.h"

namespace gerbil::kernels {

// A task reads and writes about this many numbers: tens of microseconds from memory.
inline constexpr int64_t kNumbersPerTask = 32768;

// Calls function(first, last) for blocks that together are [0, rows). `numbers` is what a row reads
// and writes, with a factor for work that is more than copying.
template <class F>
void for_row_blocks(platform::ThreadPool& pool, int64_t rows, int64_t numbers, F&& function) {
  if (rows == 0) return;
  const int64_t block = std::max<int64_t>(1, kNumbersPerTask / std::max<int64_t>(1, numbers));
  const int64_t blocks = (rows + block - 1) / block;
  if (blocks == 1) return function(int64_t{0}, rows);
  pool.parallel_for(blocks,
                    [&](int64_t i) { function(i * block, std::min(rows, (i + 1) * block)); });
}

}  // namespace gerbil::kernels
