// The team behind ThreadPool, over std::thread.
//
// A loop is open while its tasks are handed out. A worker that notices an open loop enters it
// (entered_ counts those inside), takes tasks from one counter until none are left, and leaves. The
// caller works too, then closes the loop and waits for those inside. So it never waits for a worker
// that did not wake up in time: that one finds the loop closed and goes back to waiting.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"
#include "platform/processors.h"
#include "platform/thread_pool.h"

namespace gerbil::platform {
namespace {

constexpr uint32_t kClosed = 1u << 31;
constexpr int kSpins = 4000;  // some tens of microseconds: longer than the gap between two ops

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

struct ThreadPool::Team {
  // Written by the caller while the loop is closed and nobody is inside.
  int64_t tasks = 0;
  std::optional<TaskRef> function;

  // Own cache lines: every worker writes them.
  alignas(64) std::atomic<int64_t> next_task{0};
  alignas(64) std::atomic<uint32_t> entered{kClosed};
  alignas(64) std::atomic<uint32_t> loop_number{0};
  std::atomic<int> sleepers{0};
  std::atomic<bool> busy{false};
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable wake;
  int spins = 0;
  std::vector<std::thread> workers;

  void take_tasks() {
    for (;;) {
      const int64_t task = next_task.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks) return;
      (*function)(task);
    }
  }

  void work() {
    uint32_t seen = 0;
    for (;;) {
      seen = wait_for_loop(seen);
      if (stopping.load(std::memory_order_acquire)) return;
      // Acquire: sees tasks and function as the caller wrote them before it opened the loop.
      const bool open = (entered.fetch_add(1, std::memory_order_acquire) & kClosed) == 0;
      if (open) take_tasks();
      // Release: what the tasks wrote is visible to the caller that waits for zero.
      entered.fetch_sub(1, std::memory_order_release);
    }
  }

  // Returns the number of a loop later than `seen`: spins at first, then sleeps.
  uint32_t wait_for_loop(uint32_t seen) {
    for (int i = 0; i < spins; ++i) {
      const uint32_t number = loop_number.load(std::memory_order_acquire);
      if (number != seen) return number;
      relax();
    }
    std::unique_lock lock(mutex);
    // Sequentially consistent on both sides (see announce): either the caller sees the sleeper, or
    // the sleeper sees the new number.
    sleepers.fetch_add(1);
    uint32_t number = loop_number.load();
    while (number == seen) {
      wake.wait(lock);
      number = loop_number.load();
    }
    sleepers.fetch_sub(1);
    return number;
  }

  void announce() {
    loop_number.fetch_add(1);
    if (sleepers.load() == 0) return;
    {
      const std::lock_guard lock(mutex);
    }  // a sleeper is now inside wait(), or has seen the number
    wake.notify_all();
  }

  void close_and_wait() {
    entered.fetch_or(kClosed, std::memory_order_relaxed);
    for (int i = 0; entered.load(std::memory_order_acquire) != kClosed; ++i) {
      if (i < spins) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
  }
};

ThreadPool::ThreadPool(int threads) : team_(std::make_unique<Team>()) {
  GERBIL_ASSERT(threads >= 0);
  if (threads == 0) threads = usable_processors();
  // Spinning helps only where every thread has a processor of its own.
  team_->spins = threads <= usable_processors() ? kSpins : 0;
  for (int i = 1; i < threads; ++i)
    team_->workers.emplace_back([team = team_.get()] { team->work(); });
}

ThreadPool::~ThreadPool() {
  team_->stopping.store(true, std::memory_order_release);
  team_->announce();
  for (std::thread& worker : team_->workers) worker.join();
}

int ThreadPool::threads() const { return static_cast<int>(team_->workers.size()) + 1; }

void ThreadPool::run(int64_t tasks, TaskRef function) {
  Team& team = *team_;
  GERBIL_ASSERT(!team.busy.exchange(true));  // one loop at a time, never one inside another
  if (tasks <= 1 || team.workers.empty()) {
    for (int64_t task = 0; task < tasks; ++task) function(task);
  } else {
    team.tasks = tasks;
    team.function = function;
    team.next_task.store(0, std::memory_order_relaxed);
    team.entered.fetch_and(~kClosed, std::memory_order_release);  // opens the loop
    team.announce();
    team.take_tasks();
    team.close_and_wait();
  }
  team.busy.store(false);
}

}  // namespace gerbil::platform
