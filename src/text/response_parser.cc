#include "text/response_parser.h"

#include <algorithm>
#include <iterator>

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

// The character's that holds the byte at `at`.
size_t character_begin(std::string_view text, size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
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
  ended_ = true;
  while (step(events)) {
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
      return reasoning_start();
    case State::kReasoning:
      return reasoning(events);
    case State::kReasoningCall:
      return reasoning_call(events);
    case State::kTextStart:
      return text_start();
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

bool ResponseParser::text_start() {
  pending_.erase(0, pending_.find_first_not_of('\n'));
  if (pending_.empty()) return false;
  state_ = State::kText;
  return true;
}

// The prompt has opened <think>, and some models do so again.
bool ResponseParser::reasoning_start() {
  const size_t first = pending_.find_first_not_of('\n');
  const std::string_view rest = std::string_view(pending_).substr(std::min(first, pending_.size()));
  const bool torn = rest.size() < kThinkOpen.size() && kThinkOpen.starts_with(rest);
  if (rest.empty() || (torn && !ended_)) return false;
  const bool again = rest.starts_with(kThinkOpen);
  pending_.erase(0, first + (again ? kThinkOpen.size() : 0));
  if (!again) state_ = State::kReasoning;
  return true;
}

bool ResponseParser::reasoning(Events& events) {
  const std::string_view all = pending_;
  const size_t end = all.find(kThinkClose);
  const size_t call = tool_calls_ ? all.find(kCallOpen) : std::string_view::npos;
  if (call < end) {
    open_call(call, State::kReasoningCall, events);
    return true;
  }
  if (end == std::string_view::npos) {
    const size_t held =
        std::max(held_back(all, kThinkClose), tool_calls_ ? held_back(all, kCallOpen) : 0);
    emit(ResponseEvent::Kind::kReasoning, all.substr(0, all.size() - held), events);
    pending_.erase(0, all.size() - held);
    return false;
  }
  emit(ResponseEvent::Kind::kReasoning, without_trailing_line_breaks(all.substr(0, end)), events);
  pending_.erase(0, end + kThinkClose.size());
  state_ = State::kTextStart;
  return true;
}

bool ResponseParser::reasoning_call(Events& events) {
  while (true) {
    size_t at = 0;
    if (!calls_.empty()) {
      at = std::min(pending_.find_first_not_of(" \n\r\t", call_end_), pending_.size());
      const std::string_view rest = std::string_view(pending_).substr(at);
      if (rest.empty() && ended_) {
        for (ToolCall& call : calls_)
          events.push_back({ResponseEvent::Kind::kToolCall, "", std::move(call)});
        calls_.clear();
        pending_.clear();
        state_ = State::kText;
        return false;
      }
      if (rest.size() < kCallOpen.size() && kCallOpen.starts_with(rest) && !ended_) return false;
      if (!rest.starts_with(kCallOpen)) {
        give_up_call(call_end_, State::kReasoning, events);
        return true;
      }
    }
    Scan scanned = scan(at);
    if (scanned.found == Scan::Found::kMore) return false;
    if (scanned.found == Scan::Found::kNone) {
      give_up_call(scanned.end, State::kReasoning, events);
      return true;
    }
    std::ranges::move(scanned.calls, std::back_inserter(calls_));
    call_end_ = searched_ = scanned.end;
  }
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
  open_call(open, State::kToolCall, events);
  return true;
}

// What stands before the opening marker is known to be no part of the call.
void ResponseParser::open_call(size_t at, State next, Events& events) {
  const std::string_view all = pending_;
  const std::string_view before = without_trailing_line_breaks(all.substr(0, at));
  emit(in_reasoning() ? ResponseEvent::Kind::kReasoning : ResponseEvent::Kind::kText, before,
       events);
  before_call_ = all.substr(before.size(), at - before.size());
  pending_.erase(0, at);
  searched_ = call_end_ = 0;
  calls_.clear();
  state_ = next;
}

bool ResponseParser::tool_call(Events& events) {
  Scan scanned = scan(0);
  if (scanned.found == Scan::Found::kMore) return false;
  if (scanned.found == Scan::Found::kNone) {
    give_up_call(scanned.end, State::kText, events);
    return true;
  }
  for (ToolCall& call : scanned.calls)
    events.push_back({ResponseEvent::Kind::kToolCall, "", std::move(call)});
  pending_.erase(0, scanned.end);
  state_ = State::kTextStart;
  return true;
}

ResponseParser::Scan ResponseParser::scan(size_t at) {
  using Found = Scan::Found;
  const std::string_view all = pending_;
  const size_t begin = at + kCallOpen.size();
  const int begins = begins_tool_call(all.substr(begin));
  if (begins < 0 || (begins == 0 && ended_)) return {Found::kNone, begin, {}};
  if (begins == 0) return {};
  searched_ = std::max(searched_, begin);
  constexpr size_t kNowhere = std::string_view::npos;
  const size_t most = at + kMaxToolCallBytes;
  // The reasoning's end is none of a call's.
  const size_t think_close =
      state_ == State::kReasoningCall ? all.find(kThinkClose, searched_) : kNowhere;
  while (true) {
    const size_t close = all.find(kCallClose, searched_);
    if (std::min({close, think_close, all.size()}) > most)
      return {Found::kNone, character_begin(all, most), {}};
    if (think_close < close) return {Found::kNone, think_close, {}};
    if (close == kNowhere) break;
    const std::string_view body = all.substr(begin, close - begin);
    if (auto calls = parse_tool_calls(body, parameter_types_); !calls.empty())
      return {Found::kCalls, close + kCallClose.size(), std::move(calls)};
    if (!is_inside_value(body)) return scan_end(at, close + kCallClose.size());
    searched_ = close + 1;
  }
  if (ended_) return scan_end(at, all.size());
  // The next piece may complete a marker that begins in this one.
  searched_ = std::max(searched_, all.size() - std::min(all.size(), kCallClose.size() - 1));
  return {};
}

// A call whose closing marker is missing, or torn at the answer's end: it ends where another one
// opens, or where the answer does.
ResponseParser::Scan ResponseParser::scan_end(size_t at, size_t end) const {
  const size_t begin = at + kCallOpen.size();
  std::string_view body = std::string_view(pending_).substr(begin, end - begin);
  const Scan none{Scan::Found::kNone, end, {}};
  if (const size_t next = body.find(kCallOpen); next != std::string_view::npos) {
    body = body.substr(0, next);
    end = begin + next;
  } else if (!body.ends_with(kCallClose)) {
    size_t torn = std::min(body.size(), kCallClose.size() - 1);
    while (!body.ends_with(kCallClose.substr(0, torn))) --torn;
    body.remove_suffix(torn);
  }
  auto calls = parse_tool_calls(body, parameter_types_);
  if (calls.empty()) return none;
  return {Scan::Found::kCalls, end, std::move(calls)};
}

void ResponseParser::give_up_call(size_t size, State next, Events& events) {
  size = without_trailing_line_breaks(std::string_view(pending_).substr(0, size)).size();
  emit(in_reasoning() ? ResponseEvent::Kind::kReasoning : ResponseEvent::Kind::kText,
       before_call_ + pending_.substr(0, size), events);
  before_call_.clear();
  calls_.clear();
  pending_.erase(0, size);
  state_ = next;
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
