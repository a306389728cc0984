#include "cli/chat_settings.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/option_flags.h"
#include "cli/option_values.h"
#include "cli/slash_commands.h"

namespace gerbil::cli {
namespace {

std::string with_dashes(std::string_view name) {
  std::string result(name);
  std::ranges::replace(result, '_', '-');
  return result;
}

std::string with_underscores(std::string_view name) {
  std::string result(name);
  std::ranges::replace(result, '-', '_');
  return result;
}

// "--top-k: expected ..." as a person in a chat knows it: "top_k: expected ...".
std::string as_setting(std::string message) {
  if (message.starts_with("--")) message.erase(0, 2);
  const size_t end = std::min(message.find(':'), message.size());
  std::replace(message.begin(), message.begin() + static_cast<ptrdiff_t>(end), '-', '_');
  return message;
}

// The flags as CLI11 knows them, and where their values go.
struct Flags {
  GenerationOptions generation;
  CLI::App app;

  Flags() {
    app.set_help_flag();
    add_generation_options(app, &generation);
  }
  const CLI::Option* find(const std::string& name) const {
    return app.get_option_no_throw("--" + name);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const CLI::Option* option : app.get_options()) {
      const std::string name = option->get_single_name();
      if (!name.starts_with("no-")) result.push_back(name);
    }
    return result;
  }
};

bool is_switch(const CLI::Option& option) { return option.get_expected_max() == 0; }

Result<GenerationOptions> parse(const std::vector<Setting>& settings) {
  Flags flags;
  std::vector<std::string> words;
  for (const Setting& setting : settings) {
    const CLI::Option* option = flags.find(setting.name);
    for (const std::string& value : setting.values) {
      if (option == nullptr || !is_switch(*option)) {
        words.push_back(fmt::format("--{}={}", setting.name, value));
      } else {
        words.push_back((value == "on" ? "--" : "--no-") + setting.name);
      }
    }
  }
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    flags.app.parse(words);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(Error{ErrorCode::kInvalidArgument, as_setting(error.what())});
  }
  return flags.generation;
}

}  // namespace

Status ChatSettings::set(std::string_view name, const std::vector<std::string>& values) {
  const Flags flags;
  const std::string key = with_dashes(name);
  const std::vector<std::string> names = flags.names();
  if (std::ranges::find(names, key) == names.end()) {
    const std::optional<std::string> meant = nearest(key, names);
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument,
              fmt::format("unknown setting {}; {}", in_quotes(name),
                          meant ? fmt::format("did you mean {}?", with_underscores(*meant))
                                : "/set lists them")});
  }
  std::vector<Setting> changed = given_;
  std::erase_if(changed, [&](const Setting& setting) { return setting.name == key; });
  if (values.empty()) {
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument,
              fmt::format("{}: expected a value, found nothing", with_underscores(key))});
  }
  if (values != std::vector<std::string>{"default"}) {
    if (is_switch(*flags.find(key))) {
      const bool known = values.size() == 1 && (values[0] == "on" || values[0] == "off");
      if (!known) {
        return std::unexpected(Error{ErrorCode::kInvalidArgument,
                                     fmt::format("{}: expected on, off or default, found {}",
                                                 with_underscores(key), in_quotes(values[0]))});
      }
      // What has no --no- form is off where it is not on.
      const bool absent = values[0] == "off" && flags.find("no-" + key) == nullptr;
      if (!absent) changed.push_back({key, values});
    } else {
      changed.push_back({key, values});
    }
  }
  const Result<GenerationOptions> generation = parse(changed);
  if (!generation) return std::unexpected(generation.error());
  given_ = std::move(changed);
  return {};
}

std::optional<std::string> ChatSettings::value(std::string_view name) const {
  const std::string key = with_dashes(name);
  for (const Setting& setting : given_) {
    if (setting.name == key) return fmt::format("{}", fmt::join(setting.values, " "));
  }
  return std::nullopt;
}

std::vector<SettingInfo> ChatSettings::list() const {
  const Flags flags;
  std::vector<SettingInfo> result;
  for (const std::string& name : flags.names()) {
    result.push_back({with_underscores(name), value(name), flags.find(name)->get_description()});
  }
  return result;
}

GenerationOptions ChatSettings::generation() const {
  // set() lets in only what parses, and so does the command line.
  return parse(given_).value_or(GenerationOptions());
}

}  // namespace gerbil::cli
