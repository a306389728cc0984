// Prints an answer as it comes. Standard output gets its text, and each tool call as a line of
// JSON; a terminal is shown the reasoning too, dimmed. One thread.
#pragma once

#include "cli/terminal.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

class AnswerPrinter {
 public:
  explicit AnswerPrinter(Output* output);

  void print(const Delta& delta);
  // After the last piece: ends the line.
  void finish();

 private:
  void write(std::string_view text);
  void end_line();
  void end_reasoning();

  Output* output_;
  bool terminal_;
  bool styles_;
  bool reasoning_ = false;  // the last piece was reasoning
  bool line_open_ = false;  // what was written does not end in a line feed
};

}  // namespace gerbil::cli
