#include "cli/template_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "cli/input.h"
#include "cli/option_flags.h"
#include "cli/option_values.h"

namespace gerbil::cli {
namespace {

// A number of so many digits, taken from the front of `text`.
std::optional<int> take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits || text.starts_with('-')) return std::nullopt;
  const std::optional<int> number = parse_number<int>(text.substr(0, digits));
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view marks) {
  if (text.empty() || !marks.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<CivilTime> parse_time(std::string_view text) {
  CivilTime time;
  const auto field = [&](int& out, size_t digits, int most) {
    const std::optional<int> number = take_number(text, digits);
    if (number) out = *number;
    return number.has_value() && *number <= most;
  };
  if (!field(time.year, 4, 9999) || !take(text, "-") || !field(time.month, 2, 12) ||
      !take(text, "-") || !field(time.day, 2, 31) || time.year == 0)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day)));
  if (!date.ok()) return std::nullopt;
  if (text.empty()) return time;
  if (!take(text, "T ") || !field(time.hour, 2, 23) || !take(text, ":") ||
      !field(time.minute, 2, 59))
    return std::nullopt;
  if (!text.empty() && (!take(text, ":") || !field(time.second, 2, 59))) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return time;
}

void add_template_flags(CLI::App& app, TemplateFlags* flags) {
  constexpr const char* kGroup = "How a chat becomes a prompt";
  app.add_option_function<std::string>(
         "--chat-template",
         [=](const std::string& text) {
           if (text.empty()) refuse("--chat-template", "expected a name or a file, found \"\"");
           flags->chat_template = text;
         },
         "One of the model's templates by its NAME, or a Jinja FILE (with a slash or a dot in its "
         "name) in their place [default, with tools tool_use]")
      ->type_name("NAME|FILE")
      ->group(kGroup);
  app.add_option("--template-args", flags->arguments,
                 "Further variables for the template: a JSON object")
      ->type_name("JSON")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--template-time",
         [=](const std::string& text) {
           flags->now = parse_time(text);
           if (!flags->now)
             refuse(
                 "--template-time",
                 fmt::format("expected a time as 2026-02-28T23:59:00, found {}", in_quotes(text)));
         },
         "What time templates print [the local time]")
      ->type_name("TIME")
      ->group(kGroup);
}

Result<ChatTemplateOptions> chat_template_options(const TemplateFlags& flags) {
  ChatTemplateOptions options{.arguments = flags.arguments, .now = flags.now};
  if (flags.chat_template.find_first_of("./") == std::string::npos) {
    options.name = flags.chat_template;
    return options;
  }
  Result<std::string> source = read_input_file(flags.chat_template);
  if (!source) return std::unexpected(source.error());
  if (source->empty()) {
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument,
              fmt::format("{}: the chat template is empty", flags.chat_template)});
  }
  options.source = *std::move(source);
  options.source_name = flags.chat_template;
  return options;
}

}  // namespace gerbil::cli
