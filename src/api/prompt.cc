#include "api/prompt.h"

#include <algorithm>
#include <utility>

#include "text/chat_parts.h"
#include "text/utf8.h"

namespace gerbil::api {
namespace {

constexpr std::string_view kThinkOpen = "<think>";
constexpr std::string_view kThinkClose = "</think>";

int64_t common_prefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

// How many contexts' worth of a prompt that does not fit are counted.
constexpr int64_t kCountedContexts = 16;

Result<std::vector<int32_t>> encode(const Prompter& prompter, std::string_view text,
                                    bool add_special_tokens, int64_t context) {
  const auto most = static_cast<size_t>(context * kCountedContexts);
  GERBIL_TRY(std::vector<int32_t> ids, prompter.encode(text, add_special_tokens, most));
  if (ids.size() > most)
    return invalid(
        "the prompt has more than {} tokens, but the context of {} leaves room for at most {}",
        most, context, context - 1);
  return ids;
}

// An answer that was left off inside of its thinking, from the opening <think> on. Templates cannot
// say that (they would write a thinking of their own in front of it).
std::optional<std::string_view> open_thinking(std::string_view content) {
  const size_t open = content.rfind(kThinkOpen);
  if (open == std::string_view::npos) return std::nullopt;
  if (content.find(kThinkClose, open) != std::string_view::npos) return std::nullopt;
  return content.substr(open);
}

Result<std::string> render(const Prompter& prompter, const Chat& chat) {
  if (!chat.continue_final_message)
    return prompter.render(chat.messages, chat.tools,
                           {.think = chat.think, .chat_template = chat.chat_template});
  GERBIL_TRY(const std::string content, text::unfinished_content(chat.messages));
  const auto thinking = open_thinking(content);
  const std::string before = thinking ? text::without_last(chat.messages) : "";
  if (before.empty())
    return prompter.render(chat.messages, chat.tools,
                           {.think = chat.think,
                            .add_generation_prompt = false,
                            .continue_final_message = true,
                            .chat_template = chat.chat_template});
  GERBIL_TRY(
      std::string prompt,
      prompter.render(before, chat.tools, {.think = true, .chat_template = chat.chat_template}));
  const size_t end = prompt.find_last_not_of('\n') + 1;
  if (std::string_view(prompt).substr(0, end).ends_with(kThinkOpen))
    prompt.resize(end - kThinkOpen.size());
  prompt += *thinking;
  return prompt;
}

Result<Prompt> make(const Prompter& prompter, const Sight* sight, SeenCache& seen, const Chat& chat,
                    int64_t context) {
  Prompt prompt;
  GERBIL_TRY(std::string text, render(prompter, chat));
  if (sight == nullptr) {
    GERBIL_CHECK_OK(text::check_text_only(chat.messages));
  } else {
    GERBIL_TRY(const auto parts, text::media_parts(chat.messages));
    if (!parts.empty()) {
      GERBIL_TRY(prompt.media, sight->read(parts, chat, seen));
      GERBIL_TRY(text, sight->expand(text, prompt.media));
    }
  }
  GERBIL_TRY(prompt.ids, encode(prompter, text, false, context));
  if (std::cmp_greater_equal(prompt.ids.size(), context)) return prompt;  // will be refused
  GERBIL_TRY(const text::ChatTemplate chat_template,
             prompter.chat_template(chat.chat_template, chat.tools));
  prompt.chat = chat_template.response_format(text, chat.tools);
  if (chat.continue_final_message) {
    GERBIL_TRY(const std::string content, text::unfinished_content(chat.messages));
    const auto thinking = open_thinking(content);
    prompt.chat->starts_in_reasoning =
        prompt.chat->thinking && thinking && text.ends_with(*thinking);
  }
  if (prompt.chat->starts_in_reasoning)
    prompt.open_reasoning = text.substr(text.rfind(kThinkOpen) + kThinkOpen.size());
  if (chat.continue_final_message) return prompt;  // ends where the next one will go on
  // Where the conversation ends and the opening of the answer begins: the next prompt goes on from
  // there.
  const ChatOptions history_only{
      .think = chat.think, .add_generation_prompt = false, .chat_template = chat.chat_template};
  if (const auto history = prompter.render(chat.messages, chat.tools, history_only)) {
    std::string past = *history;
    if (!prompt.media.empty()) {
      GERBIL_TRY(past, sight->expand(past, prompt.media));
    }
    GERBIL_TRY(const std::vector<int32_t> ids, prompter.encode(past, false));
    prompt.shared = common_prefix(ids, prompt.ids);
  }
  return prompt;
}

Result<Prompt> make(const Prompter& prompter, const Sight*, SeenCache&, const RawText& raw,
                    int64_t context) {
  GERBIL_CHECK_OK(text::check_utf8(raw.text, "the prompt"));
  Prompt prompt;
  GERBIL_TRY(prompt.ids, encode(prompter, raw.text, true, context));
  return prompt;
}

Result<Prompt> make(const Prompter&, const Sight*, SeenCache&, const TokenIds& given,
                    int64_t /*context*/) {
  return Prompt{.ids = given.ids};
}

}  // namespace

Result<Prompt> make_prompt(const Prompter& prompter, const Sight* sight, SeenCache& seen,
                           const Request& request, int64_t context) {
  return std::visit([&](const auto& given) { return make(prompter, sight, seen, given, context); },
                    request.prompt);
}

}  // namespace gerbil::api
