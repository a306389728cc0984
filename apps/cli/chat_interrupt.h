// Ctrl-C in a chat: it stops the answer that is being made; else it is the prompt's. While an
// answer will not stop, another one some seconds later ends the program. Constructed and asked by
// one thread.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "cli/signals.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

class ChatInterrupt {
 public:
  // `while_idle` runs on another thread.
  ChatInterrupt(Session* session, std::function<void()> while_idle);

  void begin_answer();
  // Whether it was interrupted.
  bool end_answer();

 private:
  using Clock = std::chrono::steady_clock;

  void on_interrupt();

  Session* session_;
  std::function<void()> while_idle_;
  std::mutex mutex_;
  bool answering_ = false;
  bool interrupted_ = false;
  Clock::time_point first_;
  InterruptListener listener_;  // last: its thread uses the others
};

}  // namespace gerbil::cli
