// Breaking a line between words, the way Python's textwrap does. Pure function, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::text::jinja {

struct WrapStyle {
  int64_t width = 79;  // in code points, at least 1
  bool break_long_words = true;
  bool break_on_hyphens = true;
};

// The pieces of `line`, white space at their borders dropped; none of a blank line. Valid UTF-8.
std::vector<std::string> wrap_line(std::string_view line, const WrapStyle& style);

}  // namespace gerbil::text::jinja
