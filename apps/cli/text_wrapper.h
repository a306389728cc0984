// Wraps styled text at words for a terminal: what goes in a character at a time comes out as bytes,
// with the attributes (ECMA-48) that its styles need, and no others. The current word is held until
// it ends, for only then it is known on which line it goes. A wide character (CJK, emoji) is a word
// of its own; a word wider than a line is cut. Control characters come out as U+FFFD: nothing that
// goes in can steer the terminal. The bytes do not depend on when they are taken. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::cli {

enum Style : uint8_t {
  kPlain = 0,
  kBold = 1,
  kDim = 2,
  kItalic = 4,
  kUnderline = 8,
  kStrike = 16,
  kCode = 32,
};

struct StyledChar {
  char32_t c = 0;
  uint8_t style = kPlain;  // of Style, or-ed
};
using StyledText = std::vector<StyledChar>;

StyledText styled(std::string_view text, uint8_t style);
int cell_width(const StyledText& text);

class TextWrapper {
 public:
  explicit TextWrapper(bool styles) : styles_(styles) {}

  // Cells of a line; 0: lines are never wrapped. Holds from the next wrapped line on.
  void set_width(int cells) { width_ = cells; }
  int width() const { return width_; }

  // At the start of a line: what it begins with, and what the lines that it is wrapped to begin
  // with. Without a call both are empty.
  void begin_line(StyledText first, StyledText next);
  void put(char32_t c, uint8_t style);
  void put(const StyledText& text);
  // As it is: neither held nor wrapped; line feeds only through end_line().
  void put_verbatim(char32_t c, uint8_t style);
  void end_line();
  // The held word, at a place where the text ends or pauses.
  void flush();

  // The bytes so far.
  std::string take();

 private:
  int room() const;  // cells of a wrapped line behind its prefix
  void place_word();
  void break_line();
  void write(StyledChar c);
  void write(const StyledText& text);
  void set_style(uint8_t style);

  bool styles_;
  int width_ = 0;
  StyledText next_prefix_;
  int column_ = 0;         // cells on the line so far
  bool has_text_ = false;  // behind its prefix
  StyledText spaces_;      // before the held word
  StyledText word_;
  int word_width_ = 0;
  uint8_t style_ = kPlain;  // what the terminal has
  std::string bytes_;
};

}  // namespace gerbil::cli
