#include "api/prompter.h"

#include <chrono>

#include "api/tokenizer_cache.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "text/utf8.h"

namespace gerbil::api {

constexpr std::string_view kDemoModel = "qwen3_5-nano-vl";

namespace {

// What strftime_now prints: the time that was asked for, else that of this place.
Result<text::jinja::CivilTime> time_of(const ChatTemplateOptions& options) {
  if (!options.now) {
    const platform::LocalTime now = platform::local_time();
    return text::jinja::CivilTime{now.year, now.month, now.day, now.hour, now.minute, now.second};
  }
  const CivilTime& now = *options.now;
  const std::chrono::year_month_day date(std::chrono::year(now.year),
                                         std::chrono::month(static_cast<unsigned>(now.month)),
                                         std::chrono::day(static_cast<unsigned>(now.day)));
  const auto within = [](int value, int most) { return value >= 0 && value <= most; };
  if (!within(now.year - 1, 9998) || !within(now.month, 12) || !within(now.day, 31) || !date.ok() ||
      !within(now.hour, 23) || !within(now.minute, 59) || !within(now.second, 60))
    return invalid("chat template: expected a date and time that exist, found {}-{}-{} {}:{}:{}",
                   now.year, now.month, now.day, now.hour, now.minute, now.second);
  return text::jinja::CivilTime{now.year, now.month, now.day, now.hour, now.minute, now.second};
}

}  // namespace

hub::HubOptions hub_options(const std::string& bundled_models, bool weights) {
  hub::HubOptions options{.weights = weights};
  if (!bundled_models.empty())
    options.demo_folder = platform::join_path(bundled_models, kDemoModel);
  return options;
}

Result<Prompter> Prompter::load(const hub::ModelFiles& files, const LoadOptions& options) {
  Prompter prompter;
  prompter.folder_ = files.folder;
  if (files.tokenizer) {
    GERBIL_TRY(prompter.tokenizer_, load_tokenizer(files, options));
  }
  text::ChatTemplateFiles templates{.chat_template_jinja = files.chat_template,
                                    .additional = {},
                                    .tokenizer_config_json = files.tokenizer_config,
                                    .chat_template_json = files.chat_template_json};
  for (const auto& [name, source] : files.additional_chat_templates)
    templates.additional.emplace_back(name, source);
  auto found = text::ChatTemplates::from_files(templates);
  if (found)
    prompter.templates_ = *std::move(found);
  else
    prompter.templates_error_ = found.error();
  return prompter;
}

Result<const text::Tokenizer*> Prompter::tokenizer() const {
  if (!tokenizer_)
    return fail(ErrorCode::kNotFound, "{}: tokenizer.json is missing: only token ids can be given",
                folder_);
  return &*tokenizer_;
}

Result<std::vector<int32_t>> Prompter::encode(std::string_view text, bool add_special_tokens,
                                              size_t max_ids) const {
  GERBIL_TRY(const text::Tokenizer* tokenizer, this->tokenizer());
  GERBIL_TRY(
      std::vector<int32_t> ids,
      tokenizer->encode(text, {.add_special_tokens = add_special_tokens, .max_ids = max_ids}));
  // A prompt that a template made may begin with the token that the tokenizer puts in front.
  if (add_special_tokens && ids.size() > 1 && ids[0] == ids[1] && tokenizer->is_special(ids[0])) {
    GERBIL_TRY(const std::vector<int32_t> of_nothing, tokenizer->encode("", {}));
    if (!of_nothing.empty() && of_nothing.front() == ids[0]) ids.erase(ids.begin());
  }
  return ids;
}

Result<text::ChatTemplate> Prompter::chat_template(const ChatTemplateOptions& options,
                                                   std::string_view tools) const {
  if (!templates_) return with_context(templates_error_, folder_);
  if (options.source.empty()) {
    auto chosen = templates_->choose(options.name, text::gives_tools(tools));
    if (!chosen) return with_context(chosen.error(), folder_);
    return chosen;
  }
  if (!options.name.empty())
    return invalid("chat template: expected a name or a source, found both");
  return templates_->compile(
      options.source, options.source_name.empty() ? "the chat template" : options.source_name);
}

Result<std::string> Prompter::render(std::string_view messages, std::string_view tools,
                                     const ChatOptions& options) const {
  GERBIL_CHECK_OK(text::check_utf8(messages, "messages"));
  GERBIL_CHECK_OK(text::check_utf8(tools, "tools"));
  const ChatTemplateOptions& how = options.chat_template;
  GERBIL_TRY(const text::ChatTemplate chat, chat_template(how, tools));
  GERBIL_CHECK_OK(text::check_utf8(how.arguments, "template variables"));
  GERBIL_TRY(const text::jinja::CivilTime now, time_of(how));
  return chat.render(messages, tools,
                     {.add_generation_prompt = options.add_generation_prompt,
                      .enable_thinking = options.think,
                      .continue_final_message = options.continue_final_message,
                      .variables_json = how.arguments,
                      .now = now});
}

}  // namespace gerbil::api
