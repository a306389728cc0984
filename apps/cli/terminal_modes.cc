#include "cli/terminal_modes.h"

#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <initializer_list>
#include <string_view>

namespace gerbil::cli {
namespace {

// For a signal handler can reach nothing else. Written before the handlers are set.
termios g_modes_at_start;
std::atomic<bool> g_active{false};

constexpr std::initializer_list<int> kEndingSignals = {SIGTERM, SIGHUP, SIGQUIT};

void on_ending_signal(int number) {
  TerminalModes::restore();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

TerminalModes::TerminalModes() {
  if (::tcgetattr(STDIN_FILENO, &g_modes_at_start) != 0) return;
  g_active = true;
  for (const int number : kEndingSignals) {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_ending_signal;
    ::sigaction(number, &action, nullptr);
  }
}

TerminalModes::~TerminalModes() {
  restore();
  g_active = false;
}

void TerminalModes::set_echo(bool shown) {
  termios modes{};
  if (!g_active || ::tcgetattr(STDIN_FILENO, &modes) != 0) return;
  if (shown) {
    modes.c_lflag |= ECHO;
  } else {
    modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  }
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

void TerminalModes::restore() {
  if (!g_active) return;
  constexpr std::string_view kPlain = "\x1b[0m\x1b[?2004l";
  ::tcsetattr(STDIN_FILENO, TCSANOW, &g_modes_at_start);
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, kPlain.data(), kPlain.size());
}

}  // namespace gerbil::cli
