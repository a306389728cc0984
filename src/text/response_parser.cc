#include "text/response_parser.h"

#include <algorithm>

namespace gerbil::text {
namespace {

constexpr std::string_view kThinkOpen = "<think>";
constexpr std::string_view kThinkClose = "</think>";
constexpr std::string_view kCallOpen = "<tool_call>";
constexpr std::string_view kCallClose = "</tool_call>";
constexpr size_t kMaxToolCallBytes = 256u << 10;

std::string_view without_trailing_line_breaks(std::string_view text) {
  const size_t last = text.find_last_not_of('\n');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Bytes at the end of `text` that must be held back: the beginning of `marker` and the line breaks
// in front of it (or at the very end).
size_t held_back(std::string_view text, std::string_view marker) {
  size_t torn = std::min(text.size(), marker.size() - 1);
  while (!text.ends_with(marker.substr(0, torn))) --torn;
  const std::string_view before = text.substr(0, text.size() - torn);
  return text.size() - without_trailing_line_breaks(before).size();
}

}  // namespace

ResponseParser::ResponseParser(const ResponseFormat& format)
    : tool_calls_(format.tool_calls),
      state_(format.starts_in_reasoning ? State::kReasoningStart
             : format.thinking          ? State::kStart
                                        : State::kText) {
  if (tool_calls_) parameter_types_ = parameter_types(format.tools);
}

void ResponseParser::push(std::string_view piece, Events& events) {
  pending_ += piece;
  while (step(events)) {
  }
}

void ResponseParser::finish(Events& events) {
  while (true) {
    while (step(events)) {
    }
    if (state_ != State::kToolCall) break;
    give_up_tool_call(events);
  }
  const bool drops = state_ == State::kReasoningStart || state_ == State::kTextStart;
  if (!drops)
    emit(in_reasoning() ? ResponseEvent::Kind::kReasoning : ResponseEvent::Kind::kText, pending_,
         events);
  pending_.clear();
  state_ = State::kText;
}

bool ResponseParser::step(Events& events) {
  if (pending_.empty()) return false;
  switch (state_) {
    case State::kStart:
      return start();
    case State::kReasoningStart:
      return drop_line_breaks(State::kReasoning);
    case State::kReasoning:
      return reasoning(events);
    case State::kTextStart:
      return drop_line_breaks(State::kText);
    case State::kText:
      return text(events);
    case State::kToolCall:
      break;
  }
  return tool_call(events);
}

// The answer opens with <think>, or it does not.
bool ResponseParser::start() {
  const size_t first = pending_.find_first_not_of(" \n\r\t");
  if (first == std::string::npos) return false;
  const std::string_view rest = std::string_view(pending_).substr(first);
  if (rest.size() < kThinkOpen.size() && kThinkOpen.starts_with(rest)) return false;
  if (rest.starts_with(kThinkOpen)) {
    pending_.erase(0, first + kThinkOpen.size());
    state_ = State::kReasoningStart;
  } else {
    state_ = State::kText;
  }
  return true;
}

bool ResponseParser::drop_line_breaks(State next) {
  const size_t first = pending_.find_first_not_of('\n');
  pending_.erase(0, first);
  if (first == std::string::npos) return false;
  state_ = next;
  return true;
}

bool ResponseParser::reasoning(Events& events) {
  const std::string_view all = pending_;
  const size_t end = all.find(kThinkClose);
  if (end == std::string_view::npos) {
    const size_t ready = all.size() - held_back(all, kThinkClose);
    emit(ResponseEvent::Kind::kReasoning, all.substr(0, ready), events);
    pending_.erase(0, ready);
    return false;
  }
  emit(ResponseEvent::Kind::kReasoning, without_trailing_line_breaks(all.substr(0, end)), events);
  pending_.erase(0, end + kThinkClose.size());
  state_ = State::kTextStart;
  return true;
}

bool ResponseParser::text(Events& events) {
  const std::string_view all = pending_;
  if (!tool_calls_) {
    emit(ResponseEvent::Kind::kText, all, events);
    pending_.clear();
    return false;
  }
  const size_t open = all.find(kCallOpen);
  if (open == std::string_view::npos) {
    const size_t ready = all.size() - held_back(all, kCallOpen);
    emit(ResponseEvent::Kind::kText, all.substr(0, ready), events);
    pending_.erase(0, ready);
    return false;
  }
  const std::string_view before = without_trailing_line_breaks(all.substr(0, open));
  emit(ResponseEvent::Kind::kText, before, events);
  before_call_ = all.substr(before.size(), open - before.size());
  pending_.erase(0, open + kCallOpen.size());
  searched_ = 0;
  state_ = State::kToolCall;
  return true;
}

bool ResponseParser::tool_call(Events& events) {
  while (true) {
    const size_t end = pending_.find(kCallClose, searched_);
    if (end == std::string::npos) {
      if (pending_.size() > kMaxToolCallBytes) {
        give_up_tool_call(events);
        return true;
      }
      // The next piece may complete a closing marker that begins in this one.
      searched_ = pending_.size() - std::min(pending_.size(), kCallClose.size() - 1);
      return false;
    }
    const std::string_view body = std::string_view(pending_).substr(0, end);
    if (auto call = parse_tool_call(body, parameter_types_)) {
      events.push_back({ResponseEvent::Kind::kToolCall, "", *std::move(call)});
      pending_.erase(0, end + kCallClose.size());
      state_ = State::kTextStart;
      return true;
    }
    if (!is_inside_value(body)) {
      give_up_tool_call(events);
      return true;
    }
    searched_ = end + 1;
  }
}

// What was taken for a tool call is text, up to its closing marker where there is one.
void ResponseParser::give_up_tool_call(Events& events) {
  const size_t end = pending_.find(kCallClose, searched_);
  const size_t size = end == std::string::npos ? pending_.size() : end + kCallClose.size();
  emit(ResponseEvent::Kind::kText, before_call_ + std::string(kCallOpen) + pending_.substr(0, size),
       events);
  pending_.erase(0, size);
  state_ = State::kText;
}

void ResponseParser::emit(ResponseEvent::Kind kind, std::string_view text, Events& events) {
  if (text.empty()) return;
  if (!events.empty() && events.back().kind == kind) {
    events.back().text += text;
  } else {
    events.push_back({kind, std::string(text), {}});
  }
}

}  // namespace gerbil::text
