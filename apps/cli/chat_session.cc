#include "cli/chat_session.h"

#include <random>

#include "cli/generation_request.h"

namespace gerbil::cli {

bool is_empty(const Answer& answer) {
  return answer.text.empty() && answer.reasoning.empty() && answer.tool_calls.empty();
}

Result<Answer> ChatSession::answer(const OnDelta& on_delta) {
  const GenerationOptions generation = settings_.generation();
  Request request = generation_request(generation);
  request.prompt = Chat{.messages = messages_.json(),
                        .tools = tools_,
                        .think = generation.think,
                        .chat_template = chat_template_};
  // 32 bits: short enough to type again.
  last_seed_ = generation.sampling.seed.value_or(std::random_device()());
  request.sampling.seed = last_seed_;
  Result<Answer> answer = session_->generate(request, on_delta);
  if (!answer) return answer;
  ++totals_.answers;
  totals_.tokens += static_cast<int64_t>(answer->token_ids.size());
  last_answer_ = *answer;
  if (answer->finish_reason != FinishReason::kCancelled || !is_empty(*answer)) {
    messages_.add_answer(*answer);
  }
  return answer;
}

}  // namespace gerbil::cli
