#include "api/answer_maker.h"

#include <algorithm>
#include <utility>

namespace gerbil::api {

Result<AnswerMaker> AnswerMaker::create(const Prompter& prompter, const Request& request,
                                        const Prompt& prompt, const OnDelta& on_delta) {
  AnswerMaker maker;
  maker.logprobs_ = request.logprobs;
  if (!prompter.has_tokenizer()) return maker;
  GERBIL_TRY(maker.tokenizer_, prompter.tokenizer());
  GERBIL_TRY(maker.stream_,
             AnswerStream::create(*maker.tokenizer_, request.stop, prompt.chat, on_delta));
  if (!prompt.chat || !prompt.chat->thinking) return maker;
  maker.thinking_.emplace(ThinkingOptions{.budget = request.thinking_budget,
                                          .loop_guard = request.thinking_loop_guard,
                                          .starts_inside = prompt.chat->starts_in_reasoning,
                                          .open_text = prompt.open_reasoning});
  for (size_t i = 0; i < maker.closings_.size(); ++i) {
    const std::string_view text = ThinkingLimit::kClosing.substr(2 - i);
    GERBIL_TRY(maker.closings_[i], prompter.encode(text, false));
  }
  return maker;
}

// As the stream shows it.
std::string_view AnswerMaker::bytes_of(int32_t id) const {
  return tokenizer_->is_special(id) ? std::string_view() : tokenizer_->token_bytes(id);
}

DrawnLogprob AnswerMaker::logprob_of(const runtime::Drawn& token) const {
  const auto bytes = [&](int32_t id) {
    return tokenizer_ == nullptr ? std::string() : std::string(tokenizer_->token_bytes(id));
  };
  DrawnLogprob result;
  result.id = token.id;
  result.bytes = bytes(token.id);
  if (token.given) return result;
  result.logprob = static_cast<double>(token.logprobs[0]);
  for (int32_t i = 0; i < *logprobs_ && token.likeliest[i] >= 0; ++i)
    result.top.push_back({.id = token.likeliest[i],
                          .bytes = bytes(token.likeliest[i]),
                          .logprob = static_cast<double>(token.logprobs[1 + i])});
  return result;
}

std::vector<int32_t> AnswerMaker::closing() const {
  return closings_[thinking_->closing().size() - ThinkingLimit::kClosing.size() + 2];
}

std::vector<int32_t> AnswerMaker::opening() {
  if (!thinking_ || !thinking_->must_close()) return {};
  return closing();
}

runtime::Verdict AnswerMaker::take(const runtime::Drawn& token) {
  std::optional<DrawnLogprob> logprob;
  if (logprobs_) logprob = logprob_of(token);
  if (!stream_) {
    if (logprob) without_text_.push_back(*std::move(logprob));
    return {};
  }
  if (!stream_->push(token.id, std::move(logprob))) return {.stop = true};
  if (!thinking_) return {};
  thinking_->push(token.id, bytes_of(token.id), token.given);
  // What closes it was given as a whole: nothing comes in between.
  if (token.given || !thinking_->must_close()) return {};
  return {.then = closing()};
}

Answer AnswerMaker::finish() {
  Answer answer;
  answer.logprobs = std::move(without_text_);
  if (!stream_) return answer;
  stream_->finish();
  answer.text = std::move(stream_->text);
  answer.reasoning = std::move(stream_->reasoning);
  answer.tool_calls = std::move(stream_->tool_calls);
  answer.logprobs = std::move(stream_->logprobs);
  if (thinking_) {
    answer.reasoning_tokens = thinking_->tokens();
    answer.thinking_end = thinking_->end();
  }
  return answer;
}

}  // namespace gerbil::api
