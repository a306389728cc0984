#include "cli/line_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/input.h"

namespace gerbil::cli {

Result<std::optional<std::string>> LineSource::next() {
  while (true) {
    const size_t end = buffer_.find('\n', searched_);
    const bool last = end == std::string::npos && ended_;
    if (last && buffer_.empty()) return std::nullopt;
    if (last || end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, last ? buffer_.size() : end + 1);
      searched_ = 0;
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    searched_ = buffer_.size();
    if (buffer_.size() > kMaxInputBytes) {
      return std::unexpected(
          Error{ErrorCode::kInvalidArgument,
                fmt::format("standard input: a line has more than {} MiB, the limit",
                            kMaxInputBytes >> 20)});
    }
    char bytes[65536];
    const ssize_t size = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return std::unexpected(Error{
          ErrorCode::kIo, fmt::format("standard input: cannot be read: {}", std::strerror(errno))});
    }
    ended_ = size == 0;
    buffer_.append(bytes, static_cast<size_t>(size));
  }
}

}  // namespace gerbil::cli
