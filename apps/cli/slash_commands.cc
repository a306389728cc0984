#include "cli/slash_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cli/option_values.h"

namespace gerbil::cli {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      const size_t above = row[k];
      const size_t replaced = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      row[k] = std::min({replaced, above + 1, row[k - 1] + 1});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

const std::vector<SlashCommandInfo>& slash_commands() {
  using enum SlashCommand;
  static const std::vector<SlashCommandInfo> kAll = {
      {kHelp, "/help", "", "this list"},
      {kSystem, "/system", "TEXT",
       "what the model is told before the chat; alone: shows it; -: none"},
      {kSet, "/set", "KEY VALUE",
       "a setting; alone: lists them; 'default' as VALUE: the model's own"},
      {kRetry, "/retry", "", "answer the last message again, with a new seed unless one is set"},
      {kUndo, "/undo", "", "take back the last message and its answer"},
      {kClear, "/clear", "", "begin anew; the system message and the settings stay"},
      {kSave, "/save", "FILE", "write chat and settings; --force FILE: over any other file too"},
      {kLoad, "/load", "FILE", "go on with a saved chat, or with a JSON array of messages"},
      {kStats, "/stats", "", "tokens, speed, and how much of the context is used"},
      {kQuit, "/quit", "", "leave; so does Ctrl-D"},
  };
  return kAll;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  constexpr size_t kMaxWord = 40;
  if (word.size() < 2 || word.size() > kMaxWord) return std::nullopt;
  std::optional<std::string> best;
  size_t best_distance = 3;  // two slips of a finger are likely, three are another word
  for (const std::string& name : names) {
    const size_t distance =
        name.starts_with(word) ? 1 : edit_distance(word, name);  // or not typed to its end
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

ChatLine parse_chat_line(std::string_view line) {
  using Kind = ChatLine::Kind;
  if (!line.starts_with('/') || line.contains('\n')) return {Kind::kMessage, std::string(line)};
  if (line.starts_with("//")) return {Kind::kMessage, std::string(line.substr(1))};
  const size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view name = line.substr(0, end);
  const std::string_view argument = trimmed(line.substr(end));
  std::vector<std::string> names;
  for (const SlashCommandInfo& info : slash_commands()) {
    names.emplace_back(info.name);
    const bool alias = info.command == SlashCommand::kQuit && (name == "/exit" || name == "/bye");
    const bool question = info.command == SlashCommand::kHelp && name == "/?";
    if (name != info.name && !alias && !question) continue;
    if (info.arguments.empty() && !argument.empty()) {
      return {Kind::kUnknown, fmt::format("{} takes nothing behind it", info.name)};
    }
    return {Kind::kCommand, std::string(argument), info.command};
  }
  const std::optional<std::string> meant = nearest(name, names);
  return {
      Kind::kUnknown,
      fmt::format("unknown command {}; {}; a message that begins with a slash is written with //",
                  in_quotes(name), meant ? "did you mean " + *meant + "?" : "/help lists them")};
}

}  // namespace gerbil::cli
