// gerbil tokenize and gerbil template: text without weights.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/hub_environment.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

ExitCode print(std::string_view text) {
  Output output;
  output.write(text);
  return output.status() ? kDone : report_error(output.status().error().message);
}

}  // namespace

ExitCode tokenize(const TokenizeOptions& options) {
  const auto text = read_argument(options.text);
  if (!text) return report_error(text.error().message);
  if (!*text) return report_wrong_usage("no TEXT", "gerbil tokenize --help");
  const auto tokenizer =
      Tokenizer::load(options.model, bundled_models_folder(), hub_from_environment());
  if (!tokenizer) return report_error(tokenizer.error().message);
  const auto ids = (*tokenizer)->encode((*text)->text);
  if (!ids) return report_error(ids.error().message);
  return print((options.json ? ids_json(*ids) : fmt::format("{}", fmt::join(*ids, " "))) + '\n');
}

ExitCode render(const TemplateOptions& options) {
  const auto messages = read_input_file(options.messages_file);
  if (!messages) return report_error(messages.error().message);
  std::string tools;
  if (!options.tools_file.empty()) {
    auto text = read_input_file(options.tools_file);
    if (!text) return report_error(text.error().message);
    tools = std::move(*text);
  }
  ChatOptions chat = options.chat;
  auto chat_template = chat_template_options(options.templating);
  if (!chat_template) return report_error(chat_template.error().message);
  chat.chat_template = *std::move(chat_template);
  const auto tokenizer =
      Tokenizer::load(options.model, bundled_models_folder(), hub_from_environment());
  if (!tokenizer) return report_error(tokenizer.error().message);
  const auto prompt = (*tokenizer)->render(*messages, tools, chat);
  if (!prompt) {
    return report_chat_error(prompt.error().message, options.messages_file, options.tools_file);
  }
  return print(*prompt);
}

}  // namespace gerbil::cli
