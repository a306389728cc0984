// Markdown as it streams, readable in a plain terminal: bold headings, bullets, quotes with a bar,
// code kept as it is, tables in columns, links as text (address), all wrapped at the terminal's
// width. Lines once written are never touched again; what is not decided yet is held back: the
// marks that begin a line, an emphasis until it closes, the current word, a table until it ends.
// Without styles the marks of emphasis, headings and code stay, for nothing else would show them.
//
// Text goes in as UTF-8 cut anywhere; the bytes that come out are the same however it is cut.
// Control characters come out as U+FFFD. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/markdown_inline.h"
#include "cli/text_wrapper.h"
#include "cli/unicode_text.h"

namespace gerbil::cli {

struct LineStart;

class MarkdownWriter {
 public:
  explicit MarkdownWriter(bool styles) : styles_(styles), wrapper_(styles), inline_(styles) {}

  // Cells of a line; 0: no wrapping. May change at any time.
  void set_width(int cells) { wrapper_.set_width(cells); }

  // What can be written now.
  std::string push(std::string_view piece);
  // The rest; ends the last line.
  std::string finish();

 private:
  enum class Mode { kLineStart, kText, kFence, kCodeLine, kTableRow };

  void put(char32_t c);
  void decide_line(bool complete);
  void begin_block(const LineStart& start);
  void blank_line();
  void separate();  // writes the blank line that is due
  void text_char(char32_t c);
  void end_text();
  void fence_char(char32_t c, bool complete);
  void end_table();
  void verbatim_line(std::u32string_view line, uint8_t style);

  bool styles_;
  Utf8Decoder decoder_;
  TextWrapper wrapper_;
  MarkdownInline inline_;
  Mode mode_ = Mode::kLineStart;
  bool carriage_return_ = false;  // held: dropped before a line feed
  std::u32string line_;           // of the line, while it is not decided what it is
  char32_t fence_mark_ = 0;
  size_t fence_length_ = 0;
  std::vector<std::u32string> table_;
  size_t table_size_ = 0;    // characters in it
  bool any_line_ = false;    // something was written
  bool blank_due_ = false;   // a blank line, once something follows it
  bool after_blank_ = true;  // the line before was blank
  bool in_list_ = false;
};

}  // namespace gerbil::cli
