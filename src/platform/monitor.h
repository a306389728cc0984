// Monitor: a fair lock with waiting, and the thread that drives an engine. The only threading the
// runtime knows.
//
// lock() serves callers in their order of arrival, so that a thread which steps the engine in a
// loop cannot starve another that wants to join. In single-threaded builds another file implements
// both: lock does nothing, and a driver thread cannot be made.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"

namespace gerbil::platform {

class Monitor {
 public:
  Monitor();
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  void lock();
  void unlock();
  // With the lock held: lets go of it, sleeps until notify_all() (or for no reason), takes it
  // again.
  void wait();
  void notify_all();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class MonitorLock {
 public:
  explicit MonitorLock(Monitor& monitor) : monitor_(monitor) { monitor_.lock(); }
  ~MonitorLock() { monitor_.unlock(); }
  MonitorLock(const MonitorLock&) = delete;
  MonitorLock& operator=(const MonitorLock&) = delete;

 private:
  Monitor& monitor_;
};

// A thread that runs one function; the destructor waits for its end.
class DriverThread {
 public:
  static Result<std::unique_ptr<DriverThread>> start(std::function<void()> run);
  ~DriverThread();

 private:
  struct State;
  explicit DriverThread(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gerbil::platform
