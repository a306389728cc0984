// for_tasks_with_scratch: tasks that need working memory of their own, a slice of Call::scratch per
// thread of the team rather than per task.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/check.h"
#include "base/span.h"
#include "platform/thread_pool.h"

namespace gerbil::kernels {

// Rounded up so that the next slice, or the next array in one, starts at a cache line.
inline uint64_t whole_lines(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

// Calls function(task, slice) for the tasks [0, tasks); a slice has `bytes_each` bytes, whole
// lines, and holds anything. Tasks start in order.
template <class F>
void for_tasks_with_scratch(platform::ThreadPool& pool, int64_t tasks, Span<std::byte> scratch,
                            uint64_t bytes_each, F&& function) {
  const int64_t workers = std::min<int64_t>(tasks, pool.threads());
  GERBIL_ASSERT(scratch.size() >= static_cast<uint64_t>(workers) * bytes_each);
  std::atomic<int64_t> next = 0;
  const auto work = [&](int64_t worker) {
    std::byte* slice = scratch.data() + static_cast<uint64_t>(worker) * bytes_each;
    for (int64_t task = next++; task < tasks; task = next++) function(task, slice);
  };
  if (workers == 1) return work(0);
  pool.parallel_for(workers, work);
}

}  // namespace gerbil::kernels
