#include "cli/input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

Result<std::string> read_all(int descriptor, std::string_view name) {
  std::string text;
  std::string buffer(65536, '\0');
  while (true) {
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return fail(ErrorCode::kIo,
                  fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
    }
    if (size == 0) return text;
    if (static_cast<uint64_t>(size) > kMaxInputBytes - text.size()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: has more than {} MiB, the limit", name, kMaxInputBytes >> 20));
    }
    text.append(buffer.data(), static_cast<size_t>(size));
  }
}

// Place of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7).
std::optional<size_t> find_invalid_utf8(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  for (size_t i = 0; i < text.size();) {
    const int lead = byte(i);
    size_t length = 1;
    int low = 0x80;  // what the second byte may be
    int high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;  // no surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      length = 4;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;  // no more than U+10FFFF
    } else if (lead >= 0x80) {
      return i;
    }
    if (length > 1 && (byte(i + 1) < low || byte(i + 1) > high)) return i;
    for (size_t k = 2; k < length; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xBF) return i;
    }
    i += length;
  }
  return std::nullopt;
}

}  // namespace

Status check_utf8(std::string_view text, std::string_view what) {
  const std::optional<size_t> place = find_invalid_utf8(text);
  if (!place) return {};
  return fail(ErrorCode::kInvalidArgument, fmt::format("{} is not UTF-8: byte {} is 0x{:02X}", what,
                                                       *place, static_cast<uint8_t>(text[*place])));
}

Result<std::string> read_input_file(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  Result<std::string> text = read_all(descriptor, path);
  ::close(descriptor);
  return text;
}

Result<std::optional<Argument>> read_argument(const std::optional<std::string>& given) {
  Argument argument;
  if (given && *given != "-") {
    argument.text = *given;
  } else {
    if (!given && is_terminal(STDIN_FILENO)) return std::nullopt;
    Result<std::string> text = read_all(STDIN_FILENO, "standard input");
    if (!text) return std::unexpected(text.error());
    argument = {.text = std::move(*text), .from_stdin = true};
  }
  return argument;
}

}  // namespace gerbil::cli
