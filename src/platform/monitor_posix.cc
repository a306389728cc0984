#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/exceptions.h"
#include "platform/monitor.h"

namespace gerbil::platform {

struct Monitor::State {
  std::mutex mutex;
  std::condition_variable turn;
  std::condition_variable news;
  uint64_t next = 0;     // number for the next caller of lock()
  uint64_t serving = 0;  // number that holds the lock
  uint64_t notified = 0;
};

Monitor::Monitor() : state_(std::make_unique<State>()) {}
Monitor::~Monitor() = default;

void Monitor::lock() {
  std::unique_lock<std::mutex> guard(state_->mutex);
  const uint64_t mine = state_->next++;
  state_->turn.wait(guard, [&] { return state_->serving == mine; });
}

void Monitor::unlock() {
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    ++state_->serving;
  }
  state_->turn.notify_all();
}

void Monitor::wait() {
  {
    std::unique_lock<std::mutex> guard(state_->mutex);
    const uint64_t before = state_->notified;
    ++state_->serving;
    state_->turn.notify_all();
    state_->news.wait(guard, [&] { return state_->notified != before; });
  }
  lock();
}

void Monitor::notify_all() {
  {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    ++state_->notified;
  }
  state_->news.notify_all();
}

struct DriverThread::State {
  std::thread thread;
};

DriverThread::DriverThread(std::unique_ptr<State> state) : state_(std::move(state)) {}

DriverThread::~DriverThread() { state_->thread.join(); }

Result<std::unique_ptr<DriverThread>> DriverThread::start(std::function<void()> run) {
  auto state = std::make_unique<State>();
  GERBIL_CATCH(return fail(ErrorCode::kIo, "a driver thread cannot be made: {}", what),
                      state->thread = std::thread(std::move(run)));
  return std::unique_ptr<DriverThread>(new DriverThread(std::move(state)));
}

}  // namespace gerbil::platform
