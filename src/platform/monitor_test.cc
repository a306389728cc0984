#include "platform/monitor.h"

#include <gtest/gtest.h>

#include <vector>

namespace gerbil::platform {
namespace {

TEST(Monitor, LocksOutOthersAndHandsOverInOrder) {
  Monitor monitor;
  int64_t counter = 0;
  {
    std::vector<std::unique_ptr<DriverThread>> threads;
    for (int i = 0; i < 4; ++i) {
      auto thread = DriverThread::start([&] {
        for (int n = 0; n < 1000; ++n) {
          const MonitorLock lock(monitor);
          ++counter;
        }
      });
      ASSERT_TRUE(thread);
      threads.push_back(std::move(*thread));
    }
  }
  EXPECT_EQ(counter, 4000);
}

TEST(Monitor, AWaiterWakesForNewsAndHoldsTheLockAgain) {
  Monitor monitor;
  bool asked = false;
  bool answered = false;
  auto thread = DriverThread::start([&] {
    const MonitorLock lock(monitor);
    while (!asked) monitor.wait();
    answered = true;
    monitor.notify_all();
  });
  ASSERT_TRUE(thread);
  {
    const MonitorLock lock(monitor);
    asked = true;
    monitor.notify_all();
    while (!answered) monitor.wait();
  }
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace gerbil::platform
