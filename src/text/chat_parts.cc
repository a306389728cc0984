#include "text/chat_parts.h"

#include "base/json.h"
#include "base/quote.h"

namespace gerbil::text {
namespace {

// "image_url" of {"type": "image_url", ...}; empty for text. Templates also take parts without a
// type, by their member "text", "image", ...
std::string_view kind_of(const json::Object& part) {
  if (const json::Value* type = part.find("type"))
    if (const std::string* name = type->string())
      return *name == "text" ? std::string_view() : std::string_view(*name);
  if (part.find("text") != nullptr || part.size() == 0) return "";
  return part.members().front().key;
}

}  // namespace

Status check_text_only(std::string_view messages) {
  GERBIL_TRY(const json::Value root, json::parse(messages, "messages"));
  const json::Array* list = root.array();
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const json::Object* message = (*list)[i].object();
    const json::Value* content = message != nullptr ? message->find("content") : nullptr;
    const json::Array* parts = content != nullptr ? content->array() : nullptr;
    for (size_t k = 0; parts != nullptr && k < parts->size(); ++k) {
      const json::Object* part = (*parts)[k].object();
      const std::string_view kind = part != nullptr ? kind_of(*part) : "";
      if (!kind.empty())
        return unsupported(
            "messages[{}]: content[{}]: expected a part of type \"text\" (no other is in this "
            "build), found {}",
            i, k, in_quotes(kind, 60));
    }
  }
  return {};
}

Result<std::string> unfinished_content(std::string_view messages) {
  GERBIL_TRY(const json::Value root, json::parse(messages, "messages"));
  const json::Array* list = root.array();
  // What is no chat at all, the template says.
  if (list == nullptr || list->empty() || list->back().object() == nullptr) return std::string();
  const json::Object& last = *list->back().object();
  const json::Value* role = last.find("role");
  if (role != nullptr && role->string() != nullptr && *role->string() != "assistant")
    return invalid(
        "messages[{}]: expected the role \"assistant\" in the message to be continued, found {}",
        list->size() - 1, in_quotes(*role->string(), 60));
  const json::Value* content = last.find("content");
  return content != nullptr && content->string() != nullptr ? *content->string() : std::string();
}

// The text has been parsed: only strings can hide brackets and commas.
std::string without_last(std::string_view messages) {
  size_t last_comma = std::string_view::npos;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < messages.size(); ++i) {
    const char c = messages[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 1) {
      last_comma = i;
    }
  }
  if (last_comma == std::string_view::npos) return {};
  return std::string(messages.substr(0, last_comma)) + ']';
}

}  // namespace gerbil::text
