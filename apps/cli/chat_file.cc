#include "cli/chat_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/input.h"
#include "cli/json_input.h"
#include "cli/safe_file.h"

namespace gerbil::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMark = "gerbil_chat";
constexpr int kVersion = 1;

std::unexpected<Error> wrong(const std::string& path, std::string_view why) {
  return std::unexpected(Error{ErrorCode::kInvalidArgument, fmt::format("{}: {}", path, why)});
}

std::string print(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// A number or a switch may have been written by hand.
std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  return print(value);
}

}  // namespace

Result<SavedChat> load_chat(const std::string& path) {
  const auto text = read_own_file(path, kMaxInputBytes);
  if (!text) return std::unexpected(text.error());
  if (!*text) return wrong(path, "there is no such file");
  if (Status good = check_json(**text, path); !good) return std::unexpected(good.error());
  const Json json = Json::parse(**text, nullptr, false);
  SavedChat chat;
  if (json.is_array()) {
    Result<ChatMessages> messages = ChatMessages::parse(**text, path);
    if (!messages) return std::unexpected(messages.error());
    chat.messages = *std::move(messages);
    return chat;
  }
  if (!json.is_object() || !json.contains(kMark) || !json.contains("messages")) {
    return wrong(path, "expected a chat that /save wrote, or a JSON array of messages");
  }
  if (json[kMark] != kVersion) {
    return wrong(path, fmt::format("{} {} is not understood by this version", kMark,
                                   print(json[kMark]).substr(0, 40)));
  }
  Result<ChatMessages> messages = ChatMessages::parse(print(json["messages"]), path);
  if (!messages) return std::unexpected(messages.error());
  chat.messages = *std::move(messages);
  if (json.contains("model")) chat.model = value_text(json["model"]);
  if (!json.contains("settings")) return chat;
  if (!json["settings"].is_object()) return wrong(path, "settings: expected an object");
  for (const auto& [name, value] : json["settings"].items()) {
    Setting setting{.name = name};
    if (value.is_array()) {
      for (const Json& one : value) setting.values.push_back(value_text(one));
    } else {
      setting.values.push_back(value_text(value));
    }
    chat.settings.push_back(std::move(setting));
  }
  return chat;
}

Status save_chat(const std::string& path, const SavedChat& chat, bool force) {
  if (!force) {
    const auto existing = read_own_file(path, kMaxInputBytes);
    if (!existing) return std::unexpected(existing.error());
    if (*existing) {
      const Json json = Json::parse(**existing, nullptr, false);
      if (!json.is_object() || !json.contains(kMark)) {
        return wrong(path, "exists and is no saved chat; /save --force FILE writes over it");
      }
    }
  }
  Json settings = Json::object();
  for (const Setting& setting : chat.settings) {
    settings[setting.name] =
        setting.values.size() == 1 ? Json(setting.values[0]) : Json(setting.values);
  }
  const Json all = {{kMark, kVersion},
                    {"model", chat.model},
                    {"settings", std::move(settings)},
                    {"messages", Json::parse(chat.messages.json())}};
  return write_own_file(path, print(all, 1) + '\n');
}

}  // namespace gerbil::cli
