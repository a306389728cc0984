#include "cli/answer_printer.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/json_output.h"

namespace gerbil::cli {

AnswerPrinter::AnswerPrinter(Output* output)
    : output_(output), terminal_(is_terminal(STDOUT_FILENO)), styles_(output_has_styles()) {}

void AnswerPrinter::write(std::string_view text) {
  if (text.empty()) return;
  output_->write(terminal_ ? for_terminal(text) : text);
  line_open_ = text.back() != '\n';
}

void AnswerPrinter::end_line() {
  if (line_open_) write("\n");
}

void AnswerPrinter::end_reasoning() {
  if (!std::exchange(reasoning_, false)) return;
  end_line();
  output_->write(styles_ ? "\n" : "</think>\n\n");
}

void AnswerPrinter::print(const Delta& delta) {
  switch (delta.kind) {
    case Delta::Kind::kReasoning:
      if (!terminal_ || delta.text.empty()) return;
      if (!std::exchange(reasoning_, true) && !styles_) write("<think>\n");
      // Each piece closes what it opens: a program that is killed leaves no dim terminal.
      if (styles_) output_->write("\x1b[2m");
      write(delta.text);
      if (styles_) output_->write("\x1b[22m");
      return;
    case Delta::Kind::kText:
      if (delta.text.empty()) return;
      end_reasoning();
      write(delta.text);
      return;
    case Delta::Kind::kToolCall:
      end_reasoning();
      end_line();
      write(tool_call_json(delta.tool_call) + '\n');
      return;
  }
}

void AnswerPrinter::finish() { end_line(); }

}  // namespace gerbil::cli
