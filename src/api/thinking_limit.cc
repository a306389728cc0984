#include "api/thinking_limit.h"

#include <algorithm>

namespace gerbil::api {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

// Bytes at the end of `text` that a longer one could go on with to `marker`.
size_t begun(std::string_view text, std::string_view marker) {
  size_t size = std::min(text.size(), marker.size() - 1);
  while (!text.ends_with(marker.substr(0, size))) --size;
  return size;
}

// The text ends in the middle of a UTF-8 character.
bool ends_in_character(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<uint8_t>(text[text.size() - back]);
    if (byte < 0x80) return false;
    if (byte < 0xc0) continue;
    return back < (byte < 0xe0 ? 2u : byte < 0xf0 ? 3u : 4u);
  }
  return false;
}

}  // namespace

ThinkingLimit::ThinkingLimit(const ThinkingOptions& options)
    : budget_(options.budget), loop_guard_(options.loop_guard) {
  if (options.starts_inside) open(options.open_text);
}

void ThinkingLimit::open(std::string_view rest) {
  state_ = State::kInside;
  tail_.clear();
  read_inside(rest, true);
}

void ThinkingLimit::push(int32_t id, std::string_view bytes, bool given) {
  if (state_ == State::kStart) {
    tail_ += bytes;
    const size_t first = tail_.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return;
    const std::string text = tail_.substr(first);
    if (text.starts_with(kOpen))
      open(text.substr(kOpen.size()));
    else if (!kOpen.starts_with(text))
      state_ = State::kOutside;
  } else if (state_ == State::kInside) {
    read_inside(bytes, given);
    if (state_ == State::kInside && loop_guard_ && !given) count_cycles(id);
  }
}

void ThinkingLimit::read_inside(std::string_view bytes, bool given) {
  tail_ += bytes;
  if (tail_.find(kClose) != std::string::npos) {
    state_ = State::kOutside;
    tokens_ -= marker_tokens_;
    return;
  }
  only_breaks_ = only_breaks_ && bytes.find_first_not_of('\n') == std::string_view::npos;
  const size_t marker = begun(tail_, kClose);
  if (!given) ++tokens_;
  marker_tokens_ = !given && marker > 0 && bytes.size() <= marker ? marker_tokens_ + 1 : 0;
  tail_.erase(0, tail_.size() - std::min<size_t>(tail_.size(), kClose.size()));
}

void ThinkingLimit::count_cycles(int32_t id) {
  const size_t size = ids_.size();
  const size_t longest = std::min(size, repeated_.size());
  for (size_t period = 1; period <= longest; ++period) {
    int32_t& repeated = repeated_[period - 1];
    repeated = ids_[size - period] == id ? repeated + 1 : 0;
    const auto p = static_cast<int32_t>(period);
    if (repeated + p >= kCircleTokens && repeated >= (kCycles - 1) * p) circles_ = true;
  }
  ids_.push_back(id);
}

bool ThinkingLimit::is_torn() const { return ends_in_character(tail_) || begun(tail_, kClose) > 0; }

bool ThinkingLimit::must_close() {
  if (state_ != State::kInside) return false;
  const bool spent = budget_ && tokens_ >= *budget_;
  if (!spent && !circles_) return false;
  if (is_torn() && late_++ < kGrace) return false;
  end_ = spent ? ThinkingEnd::kBudget : ThinkingEnd::kLoop;
  return true;
}

std::string_view ThinkingLimit::closing() const {
  if (tail_.empty()) return kClosing;
  // An empty thinking keeps a line of its own: "<think>\n\n</think>".
  const bool breaks = only_breaks_ ? tail_.size() > 1 : tail_.ends_with('\n');
  return kClosing.substr(breaks ? 2 : 1);
}

}  // namespace gerbil::api
