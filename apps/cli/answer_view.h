// Shows one answer of a chat as it comes. On a terminal: thinking dimmed (or behind bars where
// there are no styles), then the answer as Markdown, or as the model writes it, and tool calls as
// such; whatever a model writes, it cannot steer the terminal. Elsewhere: the answer's text and a
// line of JSON for each tool call, nothing else. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/markdown_writer.h"
#include "cli/terminal.h"
#include "cli/text_wrapper.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

struct ChatLook {
  bool terminal = true;  // standard output shows it to a person
  bool styles = true;
  bool markdown = true;
};

class AnswerView {
 public:
  // `width`: cells of a line now; 0: no wrapping.
  AnswerView(Output* output, const ChatLook& look, std::function<int()> width);

  void show(const Delta& delta);
  // After the last piece: ends the line. Whether anything was shown.
  bool finish();

 private:
  void show_reasoning(std::string_view piece);
  void show_text(std::string_view piece);
  void show_tool_call(const ToolCall& call);
  void end_reasoning();
  void end_text();
  void write(std::string_view bytes);

  Output* output_;
  ChatLook look_;
  std::function<int()> width_;
  Utf8Decoder reasoning_decoder_;
  TextWrapper reasoning_;
  int reasoning_line_feeds_ = 0;  // due before the next character
  bool any_reasoning_ = false;
  bool reasoning_line_open_ = false;
  bool gap_due_ = false;  // a blank line, before what follows the reasoning
  MarkdownWriter markdown_;
  bool text_open_ = false;  // the last piece was text
  bool line_open_ = false;  // what was written does not end in a line feed
  bool any_ = false;
};

}  // namespace gerbil::cli
