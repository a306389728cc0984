#include "cli/chat_messages.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/json_input.h"
#include "cli/json_output.h"

namespace gerbil::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string print(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The text of a content that is a string, or a list of parts.
std::string text_of(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    if (part.is_object() && part.contains("text") && part["text"].is_string()) {
      text += part["text"].get<std::string>();
    }
  }
  return text;
}

}  // namespace

Result<ChatMessages> ChatMessages::parse(std::string_view json, std::string_view what) {
  const auto wrong = [&](std::string why) {
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", what, std::move(why))});
  };
  if (Status good = check_json(json, what); !good) return std::unexpected(good.error());
  const Json all = Json::parse(json, nullptr, false);
  if (!all.is_array()) return wrong("expected a JSON array of messages");
  ChatMessages messages;
  for (size_t i = 0; i < all.size(); ++i) {
    const Json& message = all[i];
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
      return wrong(fmt::format("message {}: expected an object with a role", i));
    }
    const std::string role = message["role"].get<std::string>();
    const bool plain = message.size() == 2 && message.contains("content");
    if (i == 0 && role == "system" && plain && message["content"].is_string()) {
      messages.system_ = message["content"].get<std::string>();
    } else {
      messages.messages_.push_back({role, print(message)});
    }
  }
  return messages;
}

void ChatMessages::add_user(std::string_view text) {
  messages_.push_back({"user", print({{"role", "user"}, {"content", std::string(text)}})});
}

void ChatMessages::add_answer(const Answer& answer) {
  Json message = {{"role", "assistant"}, {"content", answer.text}};
  if (!answer.reasoning.empty()) message["reasoning_content"] = answer.reasoning;
  for (const ToolCall& call : answer.tool_calls) {
    message["tool_calls"].push_back(
        {{"type", "function"}, {"function", Json::parse(tool_call_json(call))}});
  }
  messages_.push_back({"assistant", print(message)});
}

std::vector<ChatMessages::Message> ChatMessages::take_from(size_t begin) {
  const auto first = messages_.begin() + static_cast<ptrdiff_t>(begin);
  std::vector<Message> taken(std::make_move_iterator(first),
                             std::make_move_iterator(messages_.end()));
  messages_.erase(first, messages_.end());
  return taken;
}

size_t ChatMessages::last_user_place() const {
  for (size_t i = messages_.size(); i > 0; --i) {
    if (messages_[i - 1].role == "user") return i - 1;
  }
  return messages_.size();
}

std::vector<ChatMessages::Message> ChatMessages::take_answer() {
  const size_t place = last_user_place();
  return place == messages_.size() ? std::vector<Message>() : take_from(place + 1);
}

std::vector<ChatMessages::Message> ChatMessages::take_exchange() {
  return take_from(last_user_place());
}

void ChatMessages::put_back(std::vector<Message> messages) {
  std::ranges::move(messages, std::back_inserter(messages_));
}

std::optional<std::string> ChatMessages::last_user() const {
  const size_t place = last_user_place();
  if (place == messages_.size()) return std::nullopt;
  const Json message = Json::parse(messages_[place].json, nullptr, false);
  return message.contains("content") ? text_of(message["content"]) : std::string();
}

std::string ChatMessages::json() const {
  std::string all = "[";
  if (system_) all += print({{"role", "system"}, {"content", *system_}});
  for (const Message& message : messages_) {
    if (all.size() > 1) all += ',';
    all += message.json;
  }
  return all + ']';
}

}  // namespace gerbil::cli
