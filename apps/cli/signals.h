// Ctrl-C. Without a listener it ends the program at once (exit code 130); the first one during the
// life of an InterruptListener only calls it, and the second ends the program, unless the listener
// wants them all.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace gerbil::cli {

// Once, at the start. SIGINT stays ignored where the parent ignores it; SIGPIPE ends the program
// quietly even where the parent ignores it; SIGBUS, a mapped file that lost its bytes, with one
// line.
void install_signal_handlers();

// At most one at a time.
class InterruptListener {
 public:
  enum class Wants { kFirst, kAll };

  // `on_interrupt` runs on a thread of the listener.
  explicit InterruptListener(std::function<void()> on_interrupt, Wants wants = Wants::kFirst);
  ~InterruptListener();
  InterruptListener(const InterruptListener&) = delete;
  InterruptListener& operator=(const InterruptListener&) = delete;

  // Any thread.
  bool interrupted() const { return interrupted_; }

 private:
  std::atomic<bool> interrupted_ = false;
  int pipe_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace gerbil::cli
