// AnswerMaker: what becomes of an answer's ids on their way from the runtime to the caller: text,
// log probabilities, and the limit of the thinking. One answer, one thread; the prompter must
// outlive it.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "api/answer_stream.h"
#include "api/prompt.h"
#include "api/thinking_limit.h"
#include "runtime/generation.h"

namespace gerbil::api {

class AnswerMaker {
 public:
  // Without a tokenizer only ids come out.
  static Result<AnswerMaker> create(const Prompter& prompter, const Request& request,
                                    const Prompt& prompt, const OnDelta& on_delta);

  // Ids that the answer begins with: a thinking that may have no token is closed before its first.
  std::vector<int32_t> opening();
  runtime::Verdict take(const runtime::Drawn& token);
  // At the answer's end; without ids and timings.
  Answer finish();

 private:
  AnswerMaker() = default;
  std::string_view bytes_of(int32_t id) const;
  DrawnLogprob logprob_of(const runtime::Drawn& token) const;
  std::vector<int32_t> closing() const;

  const text::Tokenizer* tokenizer_ = nullptr;
  std::optional<AnswerStream> stream_;
  std::optional<int32_t> logprobs_;
  std::vector<DrawnLogprob> without_text_;  // where there is no stream
  std::optional<ThinkingLimit> thinking_;   // where the chat knows it
  // Ids of ThinkingLimit::closing(), the shortest first.
  std::array<std::vector<int32_t>, 3> closings_;
};

}  // namespace gerbil::api
