#include "api/prompter.h"

#include "platform/clock.h"
#include "platform/file.h"
#include "text/utf8.h"

namespace gerbil::api {

constexpr std::string_view kDemoModel = "qwen3_5-nano-vl";

hub::HubOptions hub_options(const std::string& bundled_models, bool weights) {
  hub::HubOptions options{.weights = weights};
  if (!bundled_models.empty())
    options.demo_folder = platform::join_path(bundled_models, kDemoModel);
  return options;
}

Result<Prompter> Prompter::load(const hub::ModelFiles& files) {
  Prompter prompter;
  prompter.folder_ = files.folder;
  if (files.tokenizer) {
    GERBIL_TRY(prompter.tokenizer_,
               text::Tokenizer::from_json(*files.tokenizer, files.path("tokenizer.json")));
  }
  auto compiled = text::ChatTemplate::from_files(files.chat_template, files.tokenizer_config,
                                                 files.chat_template_json);
  if (compiled)
    prompter.template_ = *std::move(compiled);
  else
    prompter.template_error_ = compiled.error();
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

Result<const text::ChatTemplate*> Prompter::chat_template() const {
  if (!template_) return with_context(template_error_, folder_);
  return &*template_;
}

Result<std::string> Prompter::render(std::string_view messages, std::string_view tools,
                                     const ChatOptions& options) const {
  GERBIL_CHECK_OK(text::check_utf8(messages, "messages"));
  GERBIL_CHECK_OK(text::check_utf8(tools, "tools"));
  GERBIL_TRY(const text::ChatTemplate* chat, chat_template());
  GERBIL_CHECK_OK(text::check_utf8(options.template_arguments, "template variables"));
  const platform::LocalTime now = platform::local_time();  // templates may print the date
  return chat->render(messages, tools,
                      {.add_generation_prompt = options.add_generation_prompt,
                       .enable_thinking = options.think,
                       .continue_final_message = options.continue_final_message,
                       .variables_json = options.template_arguments,
                       .now = text::jinja::CivilTime{now.year, now.month, now.day, now.hour,
                                                     now.minute, now.second}});
}

}  // namespace gerbil::api
