// What a chat says beside the answers. Talking with a person: on standard output, wrapped, dimmed.
// Otherwise on standard error, as lines "gerbil: ...", so that standard output holds answers alone.
// One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/answer_view.h"
#include "cli/terminal.h"

namespace gerbil::cli {

class ChatScreen {
 public:
  // `person`: standard input and output are terminals.
  ChatScreen(bool person, const ChatLook& look) : person_(person), look_(look) {}

  Output& output() { return output_; }
  const ChatLook& look() const { return look_; }
  AnswerView answer_view() {
    return {&output_, look_, [] { return terminal_width(); }};
  }

  // Something worth knowing; what was asked for; what went wrong.
  void note(std::string_view text);
  void info(std::string_view text);
  void error(std::string_view text);
  // Two columns: names, and what is to be said about each.
  void table(const std::vector<std::pair<std::string, std::string>>& rows);
  // Between an answer and the next prompt.
  void gap();
  bool failed() const { return failed_; }  // error() was called

  // Cells of a line of the terminal at standard output; 0: it is none.
  static int terminal_width();

 private:
  void say(std::string_view text, uint8_t style);

  bool person_;
  ChatLook look_;
  Output output_;
  bool failed_ = false;
};

}  // namespace gerbil::cli
