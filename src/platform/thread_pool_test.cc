#include "platform/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "platform/processors.h"

namespace gerbil::platform {
namespace {

TEST(ThreadPool, RunsEveryTaskExactlyOnce) {
  for (int threads = 1; threads <= 8; ++threads) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int64_t tasks : {0, 1, 2, 3, 7, 8, 9, 100, 1000}) {
      std::vector<std::atomic<int>> runs(tasks);
      pool.parallel_for(tasks, [&](int64_t task) { runs[task].fetch_add(1); });
      for (const auto& count : runs) ASSERT_EQ(count.load(), 1) << threads << " " << tasks;
    }
  }
}

TEST(ThreadPool, WritesOfTasksAreVisibleAfterTheLoop) {
  ThreadPool pool(4);
  std::vector<int64_t> values(64);  // plain memory: a thread sanitizer sees a missing barrier
  for (int64_t loop = 0; loop < 10000; ++loop) {
    pool.parallel_for(64, [&](int64_t task) { values[task] += task + loop; });
  }
  for (int64_t task = 0; task < 64; ++task)
    EXPECT_EQ(values[task], 10000 * task + 10000 * 9999 / 2);
}

TEST(ThreadPool, WakesWorkersThatWentToSleep) {
  ThreadPool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> inside{0};
    // Every task waits for all three: only three threads at once can finish the loop.
    pool.parallel_for(3, [&](int64_t) {
      inside.fetch_add(1);
      while (inside.load() < 3) std::this_thread::yield();
    });
    EXPECT_EQ(inside.load(), 3);
  }
}

TEST(ThreadPool, ComesAndGoesWithoutALoop) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(1 + i % 8);
}

TEST(ThreadPool, ZeroAsksForOneThreadPerUsableProcessor) {
  EXPECT_EQ(ThreadPool(0).threads(), usable_processors());
}

TEST(ThreadPool, TakesAConstantFunction) {
  ThreadPool pool(2);
  std::atomic<int64_t> sum{0};
  const auto add = [&](int64_t task) { sum.fetch_add(task); };
  pool.parallel_for(10, add);
  EXPECT_EQ(sum.load(), 45);
}

TEST(ThreadPoolDeathTest, ALoopInsideALoopIsABrokenPromise) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (int threads : {1, 2}) {
    EXPECT_DEATH(
        {
          ThreadPool pool(threads);
          pool.parallel_for(4, [&](int64_t) { pool.parallel_for(1, [](int64_t) {}); });
        },
        "broken promise");
  }
}

TEST(Processors, QuotaIsRoundedUp) {
  EXPECT_EQ(processors_of_quota("200000 100000"), 2);
  EXPECT_EQ(processors_of_quota("150000 100000"), 2);
  EXPECT_EQ(processors_of_quota("1000 100000"), 1);
  EXPECT_EQ(processors_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(processors_of_quota("-1 100000"), std::nullopt);
  EXPECT_EQ(processors_of_quota("100000 0"), std::nullopt);
  EXPECT_EQ(processors_of_quota(" "), std::nullopt);
  EXPECT_EQ(processors_of_quota(""), std::nullopt);
  EXPECT_GE(usable_processors(), 1);
}

}  // namespace
}  // namespace gerbil::platform
