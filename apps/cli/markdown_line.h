// What a line of Markdown is, told by its beginning as soon as that is certain. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace gerbil::cli {

// Characters that may be needed to tell; a line that is undecided after them is text.
inline constexpr size_t kMaxLineStart = 300;

struct LineStart {
  enum class Kind {
    kUndecided,
    kBlank,
    kText,
    kHeading,
    kBullet,
    kNumber,
    kRule,
    kFence,
    kTable,
    kIndentedCode
  };
  Kind kind = Kind::kUndecided;
  int quotes = 0;
  int indent = 0;     // cells
  size_t mark = 0;    // where the mark of the kind begins
  size_t length = 0;  // of the mark, the spaces behind it included
};

struct LineContext {
  bool complete = false;  // the line has no more characters
  bool in_list = false;
  bool after_blank = false;
};

LineStart read_line_start(std::u32string_view line, const LineContext& context);

// How often the character at `at` stands there in a row.
size_t run_length(std::u32string_view text, size_t at);
bool only_of(std::u32string_view text, std::u32string_view allowed);

}  // namespace gerbil::cli
