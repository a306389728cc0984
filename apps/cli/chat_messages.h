// The messages of a chat, as the chat template gets them: JSON objects of role and content, kept
// whole, so that what a loaded file holds beside them is not lost. The system message is kept
// apart; it comes first. Text is UTF-8. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

class ChatMessages {
 public:
  struct Message {
    std::string role;
    std::string json;
  };

  // A JSON array; `what` names it in errors. A system message at its beginning becomes system().
  static Result<ChatMessages> parse(std::string_view json, std::string_view what);

  const std::optional<std::string>& system() const { return system_; }
  void set_system(std::optional<std::string> text) { system_ = std::move(text); }

  void add_user(std::string_view text);
  void add_answer(const Answer& answer);
  // Everything but the system message.
  void clear() { messages_.clear(); }

  // Takes the messages behind the last of the user away, or that one too. Empty: there is none.
  std::vector<Message> take_answer();
  std::vector<Message> take_exchange();
  void put_back(std::vector<Message> messages);

  // The text of the last message of the user.
  std::optional<std::string> last_user() const;
  size_t size() const { return messages_.size(); }
  // The whole array.
  std::string json() const;

 private:
  std::vector<Message> take_from(size_t begin);
  // Its place; size(): there is none.
  size_t last_user_place() const;

  std::optional<std::string> system_;
  std::vector<Message> messages_;
};

}  // namespace gerbil::cli
