#include "cli/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/environment.h"

namespace gerbil::cli {
namespace {

constexpr auto kSilence = std::chrono::milliseconds(500);
constexpr auto kInterval = std::chrono::milliseconds(100);

// 0, or what the system said.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(descriptor, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EAGAIN) {  // somebody made it non-blocking
      pollfd wait{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string in_units(uint64_t bytes) {
  const double mega = static_cast<double>(bytes) / 1e6;
  return mega < 1000 ? fmt::format("{:.0f} MB", mega) : fmt::format("{:.1f} GB", mega / 1000);
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool output_has_styles() {
  return is_terminal(STDOUT_FILENO) && !environment("NO_COLOR") && environment("TERM") != "dumb";
}

void Output::write(std::string_view text) {
  if (!status_) return;
  if (const int error = write_all(STDOUT_FILENO, text)) {
    status_ =
        std::unexpected(Error{ErrorCode::kIo, fmt::format("standard output: cannot be written: {}",
                                                          std::strerror(error))});
  }
}

void print_error_line(std::string_view line) {
  std::string text(line);
  std::replace(text.begin(), text.end(), '\n', ' ');
  write_all(STDERR_FILENO, (is_terminal(STDERR_FILENO) ? for_terminal(text) : text) + '\n');
}

std::string for_terminal(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    const uint8_t next = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : 0;
    const bool c0 = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F;
    const bool c1 = byte == 0xC2 && next >= 0x80 && next <= 0x9F;
    if (c1) ++i;
    if (c0 || c1) {
      shown += kReplacement;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

void StatusLine::show(std::string_view text) {
  if (!enabled_) return;
  write_all(STDERR_FILENO, fmt::format("\r\x1b[K{}", for_terminal(text)));
  shown_ = true;
}

void StatusLine::clear() {
  if (shown_) write_all(STDERR_FILENO, "\r\x1b[K");
  shown_ = false;
}

LoadProgress::LoadProgress(What what)
    : enabled_(is_terminal(STDERR_FILENO)), what_(what), next_(Clock::now() + kSilence) {}

void LoadProgress::update(uint64_t done_bytes, uint64_t total_bytes) {
  const Clock::time_point now = Clock::now();
  if (!begun_) {
    begun_ = true;
    began_ = now;
    began_bytes_ = done_bytes;
  }
  if (!enabled_ || now < next_ || total_bytes == 0) return;
  next_ = now + kInterval;
  shown_ = true;
  const uint64_t percent =
      std::min<uint64_t>(100, static_cast<uint64_t>(100.0 * static_cast<double>(done_bytes) /
                                                    static_cast<double>(total_bytes)));
  constexpr size_t kWidth = 30;
  const std::string bar(kWidth * percent / 100, '#');
  std::string speed;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (what_ == kFetching && seconds > 1 && done_bytes > began_bytes_) {
    const double rate = static_cast<double>(done_bytes - began_bytes_) / seconds;
    const double left = static_cast<double>(total_bytes - std::min(done_bytes, total_bytes)) / rate;
    speed = fmt::format(", {}/s, {:.0f} s left", in_units(static_cast<uint64_t>(rate)), left);
  }
  write_all(STDERR_FILENO, fmt::format("\r\x1b[K{} [{:<30}] {:3} % of {}{}",
                                       what_ == kFetching ? "fetching" : "loading", bar, percent,
                                       in_units(total_bytes), speed));
}

void LoadProgress::clear() {
  if (shown_) write_all(STDERR_FILENO, "\r\x1b[K");
  shown_ = false;
  enabled_ = false;
}

}  // namespace gerbil::cli
