#include "cli/chat_interrupt.h"

#include <unistd.h>

#include <utility>

#include "cli/report.h"
#include "cli/terminal_modes.h"

namespace gerbil::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(2);

}  // namespace

ChatInterrupt::ChatInterrupt(Session* session, std::function<void()> while_idle)
    : session_(session),
      while_idle_(std::move(while_idle)),
      listener_([this] { on_interrupt(); }, InterruptListener::Wants::kAll) {}

void ChatInterrupt::begin_answer() {
  const std::lock_guard lock(mutex_);
  answering_ = true;
  interrupted_ = false;
}

bool ChatInterrupt::end_answer() {
  const std::lock_guard lock(mutex_);
  answering_ = false;
  session_->clear_cancel();
  return interrupted_;
}

void ChatInterrupt::on_interrupt() {
  const std::lock_guard lock(mutex_);
  if (!answering_) {
    while_idle_();
    return;
  }
  if (!std::exchange(interrupted_, true)) {
    first_ = Clock::now();
    session_->cancel();
  } else if (Clock::now() - first_ > kPatience) {
    TerminalModes::restore();
    ::_exit(kInterrupted);
  }
}

}  // namespace gerbil::cli
