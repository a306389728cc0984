#include "cli/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

constexpr int kPatienceMs = 120'000;  // without a sign of life

void check(bool good, std::string_view what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> child_environment(std::map<std::string, std::string> more) {
  static const TempFolder cache;  // not the user's own
  more.emplace("GERBIL_CACHE", cache.path().string());
  more.emplace("HF_HUB_CACHE", (cache.path() / "hub").string());
  more.emplace("HF_HUB_OFFLINE", "1");  // unless a test serves a hub itself
  std::vector<std::string> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view variable = *entry;
    const std::string name(variable.substr(0, variable.find('=')));
    const bool ours = variable.starts_with("GERBIL_") || variable.starts_with("HF_") ||
                      name == "NO_COLOR" || name == "TERM";
    if (!ours && !more.contains(name)) variables.emplace_back(variable);
  }
  for (const auto& [name, value] : more) variables.push_back(name + "=" + value);
  return variables;
}

}  // namespace

Process::Process(const Launch& launch) : unwritten_(launch.input) {
  std::signal(SIGPIPE, SIG_IGN);  // a child that reads nothing is no failure
  int input[2];
  int output[2];
  int errors[2] = {-1, -1};
  check(::pipe2(input, O_CLOEXEC) == 0, "pipe");
  if (launch.terminal) {
    const winsize size{.ws_row = 24, .ws_col = launch.columns};
    check(::openpty(&output[0], &output[1], nullptr, nullptr, &size) == 0, "openpty");
    ::fcntl(output[0], F_SETFD, FD_CLOEXEC);
  } else {
    check(::pipe2(output, O_CLOEXEC) == 0, "pipe");
    check(::pipe2(errors, O_CLOEXEC) == 0, "pipe");
  }
  std::vector<std::string> arguments = launch.arguments;
  arguments.insert(arguments.begin(), launch.program.empty() ? GERBIL_PROGRAM : launch.program);
  std::vector<std::string> variables = child_environment(launch.environment);
  const std::vector<char*> argument_list = pointers(arguments);
  const std::vector<char*> variable_list = pointers(variables);

  child_ = ::fork();
  check(child_ >= 0, "fork");
  if (child_ == 0) {
    const int file = launch.output_file.empty()
                         ? output[1]
                         : ::open(launch.output_file.c_str(), O_WRONLY | O_CREAT, 0666);
    const bool nothing = launch.terminal && launch.input.empty();
    if (nothing) {
      ::setsid();
      ::ioctl(output[1], TIOCSCTTY, 0);
    }
    ::dup2(nothing ? output[1] : input[0], STDIN_FILENO);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(launch.terminal ? output[1] : errors[1], STDERR_FILENO);
    std::signal(SIGINT, SIG_DFL);
    ::execve(argument_list[0], argument_list.data(), variable_list.data());
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  close_once(errors[1]);
  input_ = input[1];
  output_ = output[0];
  errors_ = errors[0];
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
  if (unwritten_.empty()) close_once(input_);
}

Process::~Process() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  close_once(input_);
  close_once(output_);
  close_once(errors_);
}

bool Process::pump() {
  if (output_ < 0 && errors_ < 0) return false;
  pollfd waits[] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}, {input_, POLLOUT, 0}};
  const int ready = ::poll(waits, 3, kPatienceMs);
  if (ready < 0 && errno == EINTR) return true;
  check(ready >= 0, "poll");
  if (ready == 0)
    throw std::runtime_error(
        "gerbil gives no sign of life; its output ends in: " +
        finished_.output.substr(finished_.output.size() -
                                std::min<size_t>(finished_.output.size(), 400)));
  const auto receive = [](int& descriptor, std::string& text) {
    char buffer[65536];
    const ssize_t size = ::read(descriptor, buffer, sizeof buffer);
    if (size > 0) {
      text.append(buffer, static_cast<size_t>(size));
    } else if (size == 0 || errno != EINTR) {  // a terminal's end is an error (EIO)
      close_once(descriptor);
    }
  };
  if (waits[0].revents != 0) receive(output_, finished_.output);
  if (waits[1].revents != 0) receive(errors_, finished_.errors);
  if (waits[2].revents != 0) {
    const ssize_t size = ::write(input_, unwritten_.data(), unwritten_.size());
    if (size > 0) unwritten_.erase(0, static_cast<size_t>(size));
    const bool refused = size < 0 && errno != EINTR && errno != EAGAIN;
    if (refused || unwritten_.empty()) close_once(input_);
  }
  return true;
}

void Process::read_until(const std::function<bool(const std::string&)>& enough) {
  while (output_ >= 0 && !enough(finished_.output)) pump();
}

void Process::send_signal(int signal) { check(::kill(child_, signal) == 0, "kill"); }

void Process::type(std::string_view keys) {
  while (!keys.empty()) {
    const ssize_t size = ::write(output_, keys.data(), keys.size());
    check(size >= 0 || errno == EINTR, "write");
    if (size > 0) keys.remove_prefix(static_cast<size_t>(size));
  }
}

termios Process::terminal_modes() const {
  termios modes{};
  check(::tcgetattr(output_, &modes) == 0, "tcgetattr");
  return modes;
}

void Process::close_output() { close_once(output_); }

Finished Process::wait() {
  while (pump()) {
  }
  int status = 0;
  check(::waitpid(child_, &status, 0) == child_, "waitpid");
  child_ = -1;
  if (WIFEXITED(status)) finished_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished_.signal = WTERMSIG(status);
  return finished_;
}

Finished gerbil(std::vector<std::string> arguments) {
  return gerbil(Launch{.arguments = std::move(arguments)});
}

Finished gerbil(Launch launch) { return Process(launch).wait(); }

}  // namespace gerbil::testing
