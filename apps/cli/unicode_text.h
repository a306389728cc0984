// Text as a terminal shows it: code points in and out of UTF-8, and how many cells each one takes.
// cell_width() asks the C library, whose table follows the locale: call use_utf8_locale() once
// before. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gerbil::cli {

inline constexpr char32_t kReplacement = 0xFFFD;

// The locale's character set becomes UTF-8, whatever the environment says: gerbil's text always is.
void use_utf8_locale();

void append_utf8(std::string& text, char32_t c);
std::string to_utf8(std::u32string_view text);
// Each ill-formed byte becomes U+FFFD.
std::u32string from_utf8(std::string_view text);

// UTF-8 that comes in pieces, cut anywhere.
class Utf8Decoder {
 public:
  // The code points that are whole now, appended. Each ill-formed byte becomes U+FFFD.
  void push(std::string_view piece, std::u32string& decoded);
  // What is left of an unfinished one.
  void finish(std::u32string& decoded);

 private:
  std::string unfinished_;
};

// Whether a terminal would take it for a command: C0 (line feed and tab too), DEL and C1.
bool is_control(char32_t c);
// 0 (combining), 1 or 2. Not for control characters.
int cell_width(char32_t c);
int cell_width(std::u32string_view text);

}  // namespace gerbil::cli
