#include "runtime/generation.h"

#include <algorithm>
#include <limits>

#include "platform/clock.h"

namespace gerbil::runtime {
namespace {

// `bias`, but no id of `forbidden` is ever drawn.
std::vector<graph::LogitBias> with_forbidden(std::vector<graph::LogitBias> bias,
                                             const std::vector<int32_t>& forbidden, int64_t vocab) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  for (const int32_t id : forbidden) {
    if (id < 0 || id >= vocab) continue;
    const auto found = std::ranges::find(bias, id, &graph::LogitBias::id);
    if (found != bias.end())
      found->bias = kNever;
    else
      bias.push_back({id, kNever});
  }
  return bias;
}

}  // namespace

Generation::Generation(const GenerateInput& input, int64_t vocab, int64_t context)
    : input_(input), context_(context) {
  job.tokens = input.prompt;
  if (!input.soft.empty()) job.soft = &input.soft;
  job.sampling = input.sampling;
  if (job.sampling.repetition_penalty != 1) history_.add_prompt(input.prompt);
  if (input.min_tokens > 0) early_bias_ = with_forbidden(input.bias, input.eos_ids, vocab);
  update_sampling();
}

void Generation::update_sampling() {
  const bool early = static_cast<int64_t>(output.ids.size()) < input_.min_tokens;
  job.sampling.bias = early ? early_bias_ : input_.bias;
  job.sampling.seen = history_.seen();
}

bool Generation::end(EndReason reason) {
  output.reason = reason;
  done = true;
  return false;
}

bool Generation::open() { return add_given(input_.opening); }

bool Generation::take(const Drawn& token) {
  if (first_token == 0) first_token = platform::monotonic_seconds();
  std::vector<int32_t> then;
  return add(token, then) && add_given(then);
}

bool Generation::add_given(const std::vector<int32_t>& ids) {
  std::vector<int32_t> none;  // nothing follows on what was given
  for (const int32_t id : ids) {
    job.tokens.push_back(id);
    if (!add({.id = id, .given = true}, none)) return false;
  }
  return true;
}

bool Generation::add(const Drawn& token, std::vector<int32_t>& then) {
  output.ids.push_back(token.id);
  if (job.sampling.has_penalty()) history_.add_drawn(token.id);
  update_sampling();
  if (std::ranges::find(input_.eos_ids, token.id) != input_.eos_ids.end())
    return end(EndReason::kStop);
  if (input_.on_token) {
    Verdict verdict = input_.on_token(token);
    if (verdict.stop) return end(EndReason::kStop);
    then = std::move(verdict.then);
  }
  if (cancelled()) return end(EndReason::kCancelled);
  const auto count = static_cast<int64_t>(output.ids.size());
  if (input_.max_tokens > 0 && count >= input_.max_tokens) return end(EndReason::kLength);
  if (static_cast<int64_t>(input_.prompt.size()) + count >= context_)
    return end(EndReason::kContext);
  return true;
}

}  // namespace gerbil::runtime
