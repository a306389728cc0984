// AnswerStream: drawn ids become whole characters, without stop strings, split into reasoning,
// answer and tool calls, with the log probabilities of the ids that became text. One answer, one
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gerbil/gerbil.h"
#include "text/detokenizer.h"
#include "text/response_parser.h"
#include "text/stop_matcher.h"

namespace gerbil::api {

class AnswerStream {
 public:
  // `chat`: how to split reasoning and tool calls off; without it the text comes as it is, special
  // tokens included.
  static Result<AnswerStream> create(const text::Tokenizer& tokenizer,
                                     const std::vector<std::string>& stops,
                                     const std::optional<text::ResponseFormat>& chat,
                                     OnDelta on_delta);

  // False: a stop string is complete. `logprob`: where they are asked for.
  bool push(int32_t id, std::optional<DrawnLogprob> logprob);
  // At the end of the answer: what was held back.
  void finish();

  std::string text;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::vector<DrawnLogprob> logprobs;  // after finish(): of the ids whose text is not cut off

 private:
  AnswerStream(const text::Tokenizer& tokenizer, text::StopMatcher stops,
               const std::optional<text::ResponseFormat>& chat, OnDelta on_delta);
  void show(std::string_view piece);
  void emit(std::vector<text::ResponseEvent> events);
  void give_logprobs(Delta& delta, bool all);

  text::Detokenizer detokenizer_;
  text::StopMatcher stops_;
  std::optional<text::ResponseParser> parser_;
  OnDelta on_delta_;
  // In bytes of the stream before stop strings are cut off.
  uint64_t read_ = 0;
  uint64_t shown_ = 0;
  struct Place {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  std::vector<Place> places_;  // [logprobs]
  size_t given_ = 0;           // of logprobs, to deltas
};

}  // namespace gerbil::api
