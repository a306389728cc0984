#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "cli/report.h"

namespace gerbil::cli {
namespace {

// The end of the listener's pipe, for a handler can reach nothing else. -1: no listener, or it was
// called.
std::atomic<int> g_listener{-1};
std::atomic<bool> g_wants_all{false};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may use it");

constexpr char kInterrupt = 'i';
constexpr char kEnd = 'e';

void on_interrupt_signal(int) {
  const int saved = errno;
  const int listener = g_wants_all ? g_listener.load() : g_listener.exchange(-1);
  if (listener < 0) ::_exit(kInterrupted);
  [[maybe_unused]] const ssize_t written = ::write(listener, &kInterrupt, 1);
  errno = saved;
}

// Model files are mapped, not read: where one was cut short meanwhile, or its disk fails, the lost
// part has no bytes to go on with. Several threads may come here at once; the first speaks.
std::atomic_flag g_ending = ATOMIC_FLAG_INIT;

void on_bus_error(int) {
  while (g_ending.test_and_set()) ::pause();
  constexpr std::string_view kLine =
      "gerbil: error: a file of the model became shorter or unreadable while it was in use\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  ::_exit(kFailed);
}

}  // namespace

void install_signal_handlers() {
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGBUS, on_bus_error);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write()
  struct sigaction action{};
  if (::sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = on_interrupt_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
}

InterruptListener::InterruptListener(std::function<void()> on_interrupt, Wants wants) {
  if (::pipe2(pipe_, O_CLOEXEC) != 0) return;  // Ctrl-C then ends the program at once
  thread_ = std::thread([this, on_interrupt = std::move(on_interrupt)] {
    while (true) {
      char what = kEnd;
      const ssize_t size = ::read(pipe_[0], &what, 1);
      if (size < 0 && errno == EINTR) continue;
      if (size != 1 || what != kInterrupt) return;
      interrupted_ = true;
      on_interrupt();
    }
  });
  g_wants_all = wants == Wants::kAll;
  g_listener = pipe_[1];
}

InterruptListener::~InterruptListener() {
  if (!thread_.joinable()) return;
  g_listener = -1;
  [[maybe_unused]] const ssize_t written = ::write(pipe_[1], &kEnd, 1);
  thread_.join();
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

}  // namespace gerbil::cli
