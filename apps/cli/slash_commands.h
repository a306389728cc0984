// What a line of a chat is: a message, or a command that begins with a slash. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::cli {

enum class SlashCommand {
  kHelp,
  kSystem,
  kSet,
  kRetry,
  kUndo,
  kClear,
  kSave,
  kLoad,
  kStats,
  kQuit,
};

struct SlashCommandInfo {
  SlashCommand command;
  std::string_view name;       // "/save"
  std::string_view arguments;  // "FILE"; empty: it takes none
  std::string_view help;
};
const std::vector<SlashCommandInfo>& slash_commands();

struct ChatLine {
  enum class Kind { kMessage, kCommand, kUnknown };
  Kind kind = Kind::kMessage;
  std::string text;  // the message; a command's argument, trimmed; what is wrong, as one line
  SlashCommand command = SlashCommand::kHelp;
};

// A message that begins with a slash is written with two; text of several lines is a message.
ChatLine parse_chat_line(std::string_view line);

// The name that was probably meant; nullopt: none is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

std::string_view trimmed(std::string_view text);

}  // namespace gerbil::cli
