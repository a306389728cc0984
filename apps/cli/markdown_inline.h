// Markdown within a line, while it streams: **bold**, *italic*, ~~struck~~, `code`, [text](url) and
// backslash escapes become styled characters. What may still become one of them is held until that
// is decided, by its end, the line's end or a bounded length; then it is text like any other, so
// that nothing of what a model wrote is lost. Emphasis inside a word or a formula (2*3*4,
// snake_case) is none. A character at a time, so the way the text is cut changes nothing. One
// thread.
#pragma once

#include <string>
#include <string_view>

#include "cli/text_wrapper.h"

namespace gerbil::cli {

class MarkdownInline {
 public:
  // `styles`: whether emphasis can be shown; where it cannot, its marks stay.
  explicit MarkdownInline(bool styles) : styles_(styles) {}

  // At the start of a line: the style of its plain text.
  void begin(uint8_t style);
  // What is decided now goes to the end of `shown`.
  void put(char32_t c, StyledText& shown);
  void end(StyledText& shown);

 private:
  bool styles_;
  uint8_t style_ = kPlain;
  char32_t last_ = ' ';  // before what is held
  std::u32string held_;
};

// A whole line at once.
StyledText markdown_inline(std::u32string_view text, bool styles, uint8_t style = kPlain);

}  // namespace gerbil::cli
