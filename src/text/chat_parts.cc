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

// The place that a part of this kind names: its member of that name, a text or {"url": text}.
const std::string* place_of(const json::Object& part, std::string_view member) {
  const json::Value* value = part.find(member);
  if (value == nullptr) return nullptr;
  if (const json::Object* object = value->object()) value = object->find("url");
  return value != nullptr ? value->string() : nullptr;
}

Status add_part(const json::Object& part, const std::string& where, std::vector<MediaPart>& all) {
  const std::string_view kind = kind_of(part);
  if (kind.empty()) return {};
  for (const std::string_view member : {"image", "image_url", "video", "video_url"}) {
    if (member != kind) continue;
    MediaPart found{.video = member.starts_with("video")};
    const std::string* place = place_of(part, member);
    if (place == nullptr || place->empty())
      return invalid("{}: expected {} to be a path or a data: URL", where, in_quotes(member));
    found.place = *place;
    if (const json::Value* fps = part.find("fps"); fps != nullptr && !fps->is_null()) {
      const auto number = fps->number();
      if (!number || !(*number > 0 && *number <= 1000))
        return invalid("{}: expected \"fps\" to be a number above 0, at most 1000", where);
      found.fps = *number;
    }
    all.push_back(std::move(found));
    return {};
  }
  return unsupported("{}: expected a part of type \"text\", \"image\" or \"video\", found {}",
                     where, in_quotes(kind, 60));
}

}  // namespace

Result<std::vector<MediaPart>> media_parts(std::string_view messages) {
  GERBIL_TRY(const json::Value root, json::parse(messages, "messages"));
  const json::Array* list = root.array();
  std::vector<MediaPart> all;
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const json::Object* message = (*list)[i].object();
    const json::Value* content = message != nullptr ? message->find("content") : nullptr;
    const json::Array* parts = content != nullptr ? content->array() : nullptr;
    for (size_t k = 0; parts != nullptr && k < parts->size(); ++k)
      if (const json::Object* part = (*parts)[k].object())
        GERBIL_CHECK_OK(add_part(*part, fmt::format("messages[{}]: content[{}]", i, k), all));
  }
  return all;
}

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
