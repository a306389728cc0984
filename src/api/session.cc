#include <utility>

#include "api/answer_maker.h"
#include "api/engine_impl.h"
#include "api/prompt.h"
#include "platform/clock.h"

namespace gerbil {
namespace {

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

Status check(const Request& request) {
  const auto count = [](std::string_view what, int64_t value, int64_t most) -> Status {
    if (value < 0 || value > most)
      return most == INT64_MAX ? invalid("{}: expected 0 or more, found {}", what, value)
                               : invalid("{}: expected 0 to {}, found {}", what, most, value);
    return {};
  };
  if (request.max_tokens < 0)
    return invalid("max-tokens: expected 0 (no limit) or more, found {}", request.max_tokens);
  GERBIL_CHECK_OK(count("min-tokens", request.min_tokens.value_or(0), INT64_MAX));
  GERBIL_CHECK_OK(count("logprobs", request.logprobs.value_or(0), kMaxLogprobs));
  GERBIL_CHECK_OK(count("thinking-budget", request.thinking_budget.value_or(0), INT64_MAX));
  if (request.thinking_budget && !std::holds_alternative<Chat>(request.prompt))
    return invalid("thinking-budget: expected a chat as the prompt");
  return {};
}

Result<graph::SampleParams> sampling(const Request& request, const graph::SampleParams& defaults) {
  const Sampling& wish = request.sampling;
  GERBIL_TRY(graph::SampleParams params,
             runtime::resolve_sampling({.temperature = wish.temperature,
                                        .top_k = wish.top_k,
                                        .top_p = wish.top_p,
                                        .min_p = wish.min_p,
                                        .repetition_penalty = wish.repetition_penalty,
                                        .presence_penalty = wish.presence_penalty,
                                        .frequency_penalty = wish.frequency_penalty,
                                        .seed = wish.seed},
                                       defaults));
  params.logprobs = request.logprobs.value_or(-1);
  return params;
}

Result<std::vector<graph::LogitBias>> bias(const std::vector<LogitBias>& given, int64_t vocab) {
  std::vector<runtime::BiasWish> wishes;
  wishes.reserve(given.size());
  for (const LogitBias& one : given) wishes.push_back({one.id, one.bias});
  return runtime::resolve_bias(wishes, vocab);
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
  const Engine::Impl& engine = *impl_->engine;
  GERBIL_CHECK_OK(check(request));
  runtime::GenerateInput input{
      .max_tokens = request.max_tokens,
      .min_tokens = request.min_tokens.value_or(engine.generation.min_tokens),
      .cancelled = &impl_->cancelled};
  GERBIL_TRY(input.sampling, sampling(request, engine.generation.sampling));
  GERBIL_TRY(input.bias, bias(request.sampling.logit_bias, engine.info.vocab_size));
  GERBIL_TRY(input.eos_ids, stop_ids(request, engine.generation.eos_ids, engine.info.vocab_size));
  const api::Sight* sight = engine.sight ? &*engine.sight : nullptr;
  GERBIL_TRY(api::Prompt prompt,
             api::make_prompt(engine.prompter, sight, impl_->seen, request, engine.info.context));
  // Of a prompt that will be refused nothing is encoded.
  int64_t encoded_patches = 0;
  double encode_seconds = 0;
  if (!prompt.media.empty() && std::cmp_less(prompt.ids.size(), engine.info.context)) {
    const double started = platform::monotonic_seconds();
    GERBIL_TRY(api::Sight::Encoded encoded, sight->encode(prompt.media, prompt.ids, *engine.engine,
                                                          impl_->seen, impl_->cancelled));
    input.soft = std::move(encoded.prompt);
    encoded_patches = encoded.patches;
    encode_seconds = platform::monotonic_seconds() - started;
  }
  input.prompt = std::move(prompt.ids);
  input.shared_prompt_tokens = prompt.shared;
  GERBIL_TRY(api::AnswerMaker maker,
             api::AnswerMaker::create(engine.prompter, request, prompt, on_delta));
  input.opening = maker.opening();
  input.on_token = [&](const runtime::Drawn& token) { return maker.take(token); };
  GERBIL_TRY(const runtime::GenerateOutput output,
             engine.engine->generate(*impl_->conversation, input));
  Answer answer = maker.finish();
  answer.token_ids = output.ids;
  answer.finish_reason = finish_reason(output.reason);
  answer.prompt_tokens = static_cast<int64_t>(input.prompt.size());
  answer.cached_tokens = output.cached_tokens;
  answer.timings = make_timings(output);
  answer.encoded_patches = encoded_patches;
  answer.timings.encode_ms = encode_seconds * 1e3;
  return answer;
}

}  // namespace gerbil
