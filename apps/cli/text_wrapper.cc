#include "cli/text_wrapper.h"

#include <algorithm>
#include <utility>

#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

// What should not begin a line: closing punctuation, narrow and wide.
bool stays_behind(char32_t c) {
  constexpr std::u32string_view kClosing =
      U",.;:!?)]}%’”»…、。，．：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ";
  return kClosing.find(c) != std::u32string_view::npos;
}

bool goes_before(char32_t c) {
  constexpr std::u32string_view kOpening = U"([{“‘«（「『【〈《〔";
  return kOpening.find(c) != std::u32string_view::npos;
}

}  // namespace

StyledText styled(std::string_view text, uint8_t style) {
  StyledText result;
  for (const char32_t c : from_utf8(text)) result.push_back({c, style});
  return result;
}

int cell_width(const StyledText& text) {
  int width = 0;
  for (const StyledChar& c : text) width += cell_width(c.c);
  return width;
}

void TextWrapper::begin_line(StyledText first, StyledText next) {
  write(first);
  next_prefix_ = std::move(next);
}

int TextWrapper::room() const { return std::max(1, width_ - cell_width(next_prefix_)); }

void TextWrapper::put(const StyledText& text) {
  for (const StyledChar& c : text) put(c.c, c.style);
}

void TextWrapper::put(char32_t c, uint8_t style) {
  if (c == '\t') c = ' ';
  if (is_control(c)) c = kReplacement;
  if (c == ' ') {
    place_word();
    spaces_.push_back({c, style});
    return;
  }
  const int width = cell_width(c);
  if (!word_.empty() && width > 0) {
    const char32_t last = word_.back().c;
    const bool between_wide = width == 2 || cell_width(last) == 2;
    // U+200D joins emoji into one.
    if (between_wide && last != 0x200D && !stays_behind(c) && !goes_before(last)) place_word();
  }
  if (width_ > 0 && word_width_ > 0 && word_width_ + width > room()) place_word();
  word_.push_back({c, style});
  word_width_ += width;
}

void TextWrapper::put_verbatim(char32_t c, uint8_t style) {
  if (is_control(c) && c != '\t') c = kReplacement;
  write(StyledChar{c, style});
  has_text_ = true;
}

void TextWrapper::place_word() {
  if (word_.empty()) return;
  const int needed = static_cast<int>(spaces_.size()) + word_width_;
  if (width_ > 0 && has_text_ && column_ + needed > width_) {
    break_line();
  } else if (width_ == 0 || column_ + needed <= width_) {
    write(spaces_);
  }
  spaces_.clear();
  write(std::exchange(word_, {}));
  word_width_ = 0;
  has_text_ = true;
}

void TextWrapper::break_line() {
  set_style(kPlain);
  bytes_ += '\n';
  column_ = 0;
  has_text_ = false;
  write(next_prefix_);
}

void TextWrapper::flush() { place_word(); }

void TextWrapper::end_line() {
  place_word();
  spaces_.clear();
  set_style(kPlain);
  bytes_ += '\n';
  column_ = 0;
  has_text_ = false;
  next_prefix_.clear();
}

std::string TextWrapper::take() { return std::exchange(bytes_, {}); }

void TextWrapper::write(StyledChar c) {
  set_style(c.style);
  append_utf8(bytes_, c.c);
  column_ += is_control(c.c) ? 0 : cell_width(c.c);
}

void TextWrapper::write(const StyledText& text) {
  for (const StyledChar& c : text) write(c);
}

void TextWrapper::set_style(uint8_t style) {
  if (!styles_ || style == style_) return;
  style_ = style;
  bytes_ += "\x1b[0";
  if (style & kBold) bytes_ += ";1";
  if (style & kDim) bytes_ += ";2";
  if (style & kItalic) bytes_ += ";3";
  if (style & kUnderline) bytes_ += ";4";
  if (style & kStrike) bytes_ += ";9";
  if (style & kCode) bytes_ += ";36";
  bytes_ += 'm';
}

}  // namespace gerbil::cli
