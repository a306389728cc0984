#include <utility>

#include "api/answer_stream.h"
#include "api/engine_impl.h"
#include "api/prompt.h"

namespace gerbil {
namespace {

// What this build does not do yet.
Status check_built(const Request& request) {
  const Sampling& wish = request.sampling;
  const auto refuse = [](std::string_view what) -> Status {
    return unsupported("{} is not in this build", what);
  };
  if (wish.repetition_penalty.value_or(1) != 1) return refuse("repetition-penalty");
  if (wish.presence_penalty.value_or(0) != 0) return refuse("presence-penalty");
  if (wish.frequency_penalty.value_or(0) != 0) return refuse("frequency-penalty");
  if (!wish.logit_bias.empty()) return refuse("logit-bias");
  if (request.min_tokens.value_or(0) != 0) return refuse("min-tokens");
  if (request.logprobs) return refuse("logprobs");
  if (request.thinking_budget) return refuse("thinking-budget");
  return {};
}

// A cancel() is spent with the call that met it.
struct ClearAtEnd {
  std::atomic<bool>& cancelled;

  explicit ClearAtEnd(std::atomic<bool>& flag) : cancelled(flag) {}
  ~ClearAtEnd() { cancelled.store(false, std::memory_order_relaxed); }
  ClearAtEnd(const ClearAtEnd&) = delete;
  ClearAtEnd& operator=(const ClearAtEnd&) = delete;
};

// The ids that end an answer.
Result<std::vector<int32_t>> stop_ids(const Request& request, const std::vector<int32_t>& eos_ids,
                                      int64_t vocab) {
  std::vector<int32_t> ids;
  if (!request.ignore_eos) ids = eos_ids;
  for (const int32_t id : request.stop_token_ids) {
    if (id < 0 || id >= vocab)
      return invalid("stop-token: expected ids from 0 to {}, found {}", vocab - 1, id);
    ids.push_back(id);
  }
  return ids;
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

void Session::clear_cancel() { impl_->cancelled.store(false, std::memory_order_relaxed); }

void Session::cancel() { impl_->cancelled.store(true, std::memory_order_relaxed); }

Result<Answer> Session::generate(const Request& request, const OnDelta& on_delta) {
  // A cancel() counts for this call from now on, also one that came before it.
  const ClearAtEnd clear{impl_->cancelled};
  GERBIL_CHECK_OK(check_built(request));
  const Engine::Impl& engine = *impl_->engine;
  if (request.max_tokens < 0)
    return invalid("max-tokens: expected 0 (no limit) or more, found {}", request.max_tokens);
  const Sampling& wish = request.sampling;
  GERBIL_TRY(
      const graph::SampleParams sampling,
      runtime::resolve_sampling({wish.temperature, wish.top_k, wish.top_p, wish.min_p, wish.seed},
                                engine.generation.sampling));
  GERBIL_TRY(const std::vector<int32_t> ends,
             stop_ids(request, engine.generation.eos_ids, engine.info.vocab_size));
  GERBIL_TRY(const api::Prompt prompt,
             api::make_prompt(engine.prompter, request, engine.info.context));
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
      .eos_ids = ends,
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
