#include <algorithm>
#include <utility>

#include "api/answer_stream.h"
#include "api/chat_parts.h"
#include "api/engine_impl.h"
#include "text/utf8.h"

namespace gerbil {
namespace {

struct Prompt {
  std::vector<int32_t> ids;
  int64_t shared = 0;  // tokens that the chat's next prompt will likely begin with
  std::optional<text::ResponseFormat> chat;  // how to read the answer; raw prompts have raw answers
};

int64_t common_prefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

// How many contexts' worth of a prompt that does not fit are counted.
constexpr int64_t kCountedContexts = 16;

Result<std::vector<int32_t>> encode(const api::Prompter& prompter, std::string_view text,
                                    bool add_special_tokens, int64_t context) {
  const auto most = static_cast<size_t>(context * kCountedContexts);
  GERBIL_TRY(std::vector<int32_t> ids, prompter.encode(text, add_special_tokens, most));
  if (ids.size() > most)
    return invalid(
        "the prompt has more than {} tokens, but the context of {} leaves room for at most {}",
        most, context, context - 1);
  return ids;
}

Result<Prompt> make_prompt(const api::Prompter& prompter, const Chat& chat, int64_t context) {
  Prompt prompt;
  GERBIL_TRY(const std::string text,
             prompter.render(chat.messages, chat.tools, {.think = chat.think}));
  GERBIL_CHECK_OK(api::check_text_only(chat.messages));
  GERBIL_TRY(prompt.ids, encode(prompter, text, false, context));
  if (std::cmp_greater_equal(prompt.ids.size(), context)) return prompt;  // will be refused
  GERBIL_TRY(const text::ChatTemplate* chat_template, prompter.chat_template());
  prompt.chat = chat_template->response_format(text, chat.tools);
  // Where the conversation ends and the opening of the answer begins: the next prompt goes on from
  // there.
  const ChatOptions history_only{.think = chat.think, .add_generation_prompt = false};
  if (const auto history = prompter.render(chat.messages, chat.tools, history_only)) {
    GERBIL_TRY(const std::vector<int32_t> ids, prompter.encode(*history, false));
    prompt.shared = common_prefix(ids, prompt.ids);
  }
  return prompt;
}

Result<Prompt> make_prompt(const api::Prompter& prompter, const RawText& raw, int64_t context) {
  GERBIL_CHECK_OK(text::check_utf8(raw.text, "the prompt"));
  Prompt prompt;
  GERBIL_TRY(prompt.ids, encode(prompter, raw.text, true, context));
  return prompt;
}

Result<Prompt> make_prompt(const api::Prompter&, const TokenIds& given, int64_t /*context*/) {
  return Prompt{.ids = given.ids};
}

FinishReason finish_reason(runtime::EndReason reason) {
  switch (reason) {
    case runtime::EndReason::kStop:
      return FinishReason::kStop;
    case runtime::EndReason::kLength:
      return FinishReason::kLength;
    case runtime::EndReason::kContext:
      return FinishReason::kContext;
    case runtime::EndReason::kCancelled:
      return FinishReason::kCancelled;
  }
  return FinishReason::kStop;
}

Timings make_timings(const runtime::GenerateOutput& output) {
  Timings timings{.prefill_ms = output.prefill_seconds * 1e3,
                  .decode_ms = output.decode_seconds * 1e3};
  if (output.ids.size() > 1 && output.decode_seconds > 0)
    timings.tok_s = static_cast<double>(output.ids.size() - 1) / output.decode_seconds;
  return timings;
}

}  // namespace

Session::Session(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

void Session::cancel() { impl_->cancelled.store(true, std::memory_order_relaxed); }

Result<Answer> Session::generate(const Request& request, const OnDelta& on_delta) {
  impl_->cancelled.store(false, std::memory_order_relaxed);
  const Engine::Impl& engine = *impl_->engine;
  if (request.max_tokens < 0)
    return invalid("max-tokens: expected 0 (no limit) or more, found {}", request.max_tokens);
  const Sampling& wish = request.sampling;
  GERBIL_TRY(
      const graph::SampleParams sampling,
      runtime::resolve_sampling({wish.temperature, wish.top_k, wish.top_p, wish.min_p, wish.seed},
                                engine.generation.sampling));
  GERBIL_TRY(const Prompt prompt, std::visit(
                                      [&](const auto& given) {
                                        return make_prompt(engine.prompter, given,
                                                           engine.info.context);
                                      },
                                      request.prompt));
  // Without a tokenizer only ids go in and only ids come out.
  std::optional<api::AnswerStream> stream;
  if (engine.prompter.has_tokenizer()) {
    GERBIL_TRY(const text::Tokenizer* tokenizer, engine.prompter.tokenizer());
    GERBIL_TRY(stream, api::AnswerStream::create(*tokenizer, request.stop, prompt.chat, on_delta));
  }
  const runtime::GenerateInput input{
      .prompt = prompt.ids,
      .sampling = sampling,
      .max_tokens = request.max_tokens,
      .eos_ids = engine.generation.eos_ids,
      .shared_prompt_tokens = prompt.shared,
      .cancelled = &impl_->cancelled,
      .on_token = [&](int32_t id) { return !stream || stream->push(id); }};
  GERBIL_TRY(const runtime::GenerateOutput output,
             engine.engine->generate(*impl_->conversation, input));
  Answer answer{.token_ids = output.ids,
                .finish_reason = finish_reason(output.reason),
                .prompt_tokens = static_cast<int64_t>(prompt.ids.size()),
                .cached_tokens = output.cached_tokens,
                .timings = make_timings(output)};
  if (stream) {
    stream->finish();
    answer.text = std::move(stream->text);
    answer.reasoning = std::move(stream->reasoning);
    answer.tool_calls = std::move(stream->tool_calls);
  }
  return answer;
}

}  // namespace gerbil
