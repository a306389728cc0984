#include "api/answer_stream.h"

#include <utility>

namespace gerbil::api {

Result<AnswerStream> AnswerStream::create(const text::Tokenizer& tokenizer,
                                          const std::vector<std::string>& stops,
                                          const std::optional<text::ResponseFormat>& chat,
                                          OnDelta on_delta) {
  GERBIL_TRY(text::StopMatcher matcher, text::StopMatcher::create(stops));
  return AnswerStream(tokenizer, std::move(matcher), chat, std::move(on_delta));
}

AnswerStream::AnswerStream(const text::Tokenizer& tokenizer, text::StopMatcher stops,
                           const std::optional<text::ResponseFormat>& chat, OnDelta on_delta)
    : detokenizer_(tokenizer, /*skip_special=*/chat.has_value()),
      stops_(std::move(stops)),
      on_delta_(std::move(on_delta)) {
  if (chat) parser_.emplace(*chat);
}

bool AnswerStream::push(int32_t id, std::optional<DrawnLogprob> logprob) {
  const std::string piece = detokenizer_.push(id);
  if (logprob) {
    logprobs.push_back(*std::move(logprob));
    places_.push_back({read_, read_ + piece.size()});
  }
  read_ += piece.size();
  const text::StopMatcher::Step step = stops_.push(piece);
  show(step.text);
  return !step.stopped;
}

void AnswerStream::finish() {
  if (!stops_.stopped()) {
    const text::StopMatcher::Step step = stops_.push(detokenizer_.flush());
    show(step.text);
    if (!step.stopped) show(stops_.flush());
  }
  // What begins with the stop string, or behind it, is no part of the answer.
  while (stops_.stopped() && !places_.empty() && places_.back().begin >= shown_) {
    places_.pop_back();
    logprobs.pop_back();
  }
  if (parser_) {
    std::vector<text::ResponseEvent> events;
    parser_->finish(events);
    emit(std::move(events));
  }
  if (given_ == logprobs.size()) return;
  Delta rest;
  give_logprobs(rest, true);
  if (on_delta_) on_delta_(rest);
}

void AnswerStream::give_logprobs(Delta& delta, bool all) {
  for (; given_ < places_.size() && (all || places_[given_].end <= shown_); ++given_)
    delta.logprobs.push_back(logprobs[given_]);
}

void AnswerStream::show(std::string_view piece) {
  if (piece.empty()) return;
  shown_ += piece.size();
  std::vector<text::ResponseEvent> events;
  if (parser_)
    parser_->push(piece, events);
  else
    events.push_back({.text = std::string(piece)});
  emit(std::move(events));
}

void AnswerStream::emit(std::vector<text::ResponseEvent> events) {
  for (text::ResponseEvent& event : events) {
    Delta delta;
    if (&event == &events.back()) give_logprobs(delta, false);
    switch (event.kind) {
      case text::ResponseEvent::Kind::kReasoning:
        delta.kind = Delta::Kind::kReasoning;
        reasoning += event.text;
        break;
      case text::ResponseEvent::Kind::kText:
        text += event.text;
        break;
      case text::ResponseEvent::Kind::kToolCall:
        delta.kind = Delta::Kind::kToolCall;
        delta.tool_call = {std::move(event.tool_call.name), std::move(event.tool_call.arguments)};
        tool_calls.push_back(delta.tool_call);
        break;
    }
    delta.text = std::move(event.text);
    if (on_delta_) on_delta_(delta);
  }
}

}  // namespace gerbil::api
