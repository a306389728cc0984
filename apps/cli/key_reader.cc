#include "cli/key_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr size_t kMaxPaste = size_t{16} << 20;
constexpr int kSequenceMs = 50;  // an escape sequence comes in one piece, or nearly

// Terminals send the line ends of a paste in several ways, and libedit's modes of the terminal swap
// carriage returns and line feeds.
std::string clean_paste(std::string_view text) {
  std::string clean;
  const std::u32string decoded = from_utf8(text);
  const auto ends_line = [](char32_t c) { return c == '\r' || c == '\n'; };
  for (size_t i = 0; i < decoded.size(); ++i) {
    const char32_t c = decoded[i];
    if (ends_line(c)) {
      clean += '\n';
      if (i + 1 < decoded.size() && ends_line(decoded[i + 1]) && decoded[i + 1] != c) ++i;
    } else if (c == '\t' || !is_control(c)) {
      append_utf8(clean, c);
    }
  }
  while (clean.ends_with('\n')) clean.pop_back();
  return clean;
}

}  // namespace

KeyReader::Event KeyReader::wait(int timeout_ms, char& woken) {
  while (true) {
    pollfd waits[] = {{.fd = input_, .events = POLLIN, .revents = 0},
                      {.fd = wake_, .events = POLLIN, .revents = 0}};
    const int ready = ::poll(waits, 2, timeout_ms);
    if (ready == 0) return Event::kTimeout;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Event::kEnd;
    if (waits[1].revents != 0 && ::read(wake_, &woken, 1) == 1) return Event::kWoken;
    if (waits[0].revents == 0) continue;
    char buffer[4096];
    const ssize_t size = ::read(input_, buffer, sizeof buffer);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return Event::kEnd;
    bytes_.append(buffer, static_cast<size_t>(size));
    return Event::kBytes;
  }
}

Key KeyReader::next() {
  while (true) {
    const bool may_be_paste = !ended_ && bytes_.size() > 1 && bytes_.size() < kPasteBegin.size() &&
                              kPasteBegin.starts_with(bytes_);
    if (bytes_.starts_with(kPasteBegin)) return read_paste();
    if (!bytes_.empty() && !may_be_paste) {
      Utf8Decoder decoder;
      std::u32string decoded;
      size_t used = 0;
      while (decoded.empty() && used < bytes_.size()) {
        decoder.push(std::string_view(bytes_).substr(used++, 1), decoded);
      }
      if (!decoded.empty() || ended_) {
        if (decoded.empty()) decoder.finish(decoded);
        // An ill-formed byte is seen when the next one comes, which is then decoded again.
        if (decoded.size() > 1) --used;
        bytes_.erase(0, used);
        return {.kind = Key::Kind::kCharacter, .c = decoded[0]};
      }
    }
    if (ended_ && bytes_.empty()) return {.kind = Key::Kind::kEnd};
    char woken = 0;
    switch (wait(may_be_paste ? kSequenceMs : -1, woken)) {
      case Event::kBytes:
        break;
      case Event::kWoken:
        return {.kind = Key::Kind::kWoken, .woken = woken};
      case Event::kTimeout: {  // some other key that begins like a paste
        const char c = bytes_[0];
        bytes_.erase(0, 1);
        return {.kind = Key::Kind::kCharacter, .c = static_cast<unsigned char>(c)};
      }
      case Event::kEnd:
        ended_ = true;
        break;
    }
  }
}

Key KeyReader::read_paste() {
  bytes_.erase(0, kPasteBegin.size());
  size_t searched = 0;
  while (true) {
    const size_t end = bytes_.find(kPasteEnd, searched);
    if (end != std::string::npos) {
      Key key{.kind = Key::Kind::kPaste, .paste = clean_paste(bytes_.substr(0, end))};
      bytes_.erase(0, end + kPasteEnd.size());
      return key;
    }
    searched = bytes_.size() - std::min(bytes_.size(), kPasteEnd.size() - 1);
    if (bytes_.size() > kMaxPaste) {
      Key key{.kind = Key::Kind::kPaste, .paste = clean_paste(bytes_)};
      bytes_.clear();
      return key;
    }
    char woken = 0;
    switch (wait(-1, woken)) {
      case Event::kBytes:
      case Event::kTimeout:
        break;
      case Event::kWoken:
        if (woken != kWakeInterrupt) break;  // the next prompt asks for the size anyway
        bytes_.clear();
        return {.kind = Key::Kind::kWoken, .woken = woken};
      case Event::kEnd:
        ended_ = true;
        return {.kind = Key::Kind::kEnd};
    }
  }
}

}  // namespace gerbil::cli
