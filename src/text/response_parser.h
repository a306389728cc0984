// Splits a generated answer, as it arrives, into reasoning, text and tool calls.
//
// Markers are text: <think> ... </think>, and <tool_call> ... </tool_call> around either
// {"name": ..., "arguments": {...}} or <function=NAME><parameter=ARG>VALUE</parameter></function>.
// A marker that is torn between pieces is held back until it is whole, as are line breaks that may
// belong to one. Line breaks around the reasoning and around tool calls are the template's, not the
// model's: they are dropped. Nothing else is lost: a tool call that is malformed or breaks off
// comes out as text; one that is whole but for its closing marker counts.
//
// Models think about tool calls, and some forget to close their thinking before they make one: a
// call inside of the reasoning counts where nothing but calls follows it, and is reasoning
// otherwise.
//
// One parser per answer, one thread. The events do not depend on how the answer was cut into
// pieces, but for where runs of text are divided.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tool_call_syntax.h"

namespace gerbil::text {

struct ResponseFormat {
  bool thinking = true;
  bool tool_calls = true;
  bool starts_in_reasoning = false;  // the prompt has opened <think> already
  std::string tools;                 // JSON; tells strings from numbers in <parameter=...>
};

struct ResponseEvent {
  enum class Kind : uint8_t { kReasoning, kText, kToolCall };
  Kind kind = Kind::kText;
  std::string text;    // of kReasoning and kText: the next piece of it
  ToolCall tool_call;  // of kToolCall
};

class ResponseParser {
 public:
  explicit ResponseParser(const ResponseFormat& format);

  // Appends to `events`, whose last one runs on where the kind is the same.
  void push(std::string_view piece, std::vector<ResponseEvent>& events);
  // The answer has ended: gives what was held back.
  void finish(std::vector<ResponseEvent>& events);

  bool in_reasoning() const {
    return state_ == State::kReasoningStart || state_ == State::kReasoning ||
           state_ == State::kReasoningCall;
  }

 private:
  using Events = std::vector<ResponseEvent>;
  enum class State : uint8_t {
    kStart,           // nothing but white space so far
    kReasoningStart,  // line breaks are dropped, and another <think>
    kReasoning,
    kReasoningCall,  // before an opening marker in it
    kTextStart,      // line breaks are dropped
    kText,
    kToolCall,  // before its opening marker
  };

  // A tool call at an offset of pending_, where its opening marker stands.
  struct Scan {
    enum class Found : uint8_t { kMore, kCalls, kNone };
    Found found = Found::kMore;  // kMore: the next piece decides
    size_t end = 0;              // of kCalls: behind them; of kNone: behind what is no call
    std::vector<ToolCall> calls;
  };

  // Each consumes what it can of pending_; false: it needs more.
  bool step(Events& events);
  bool start();
  bool reasoning_start();
  bool text_start();
  bool reasoning(Events& events);
  bool reasoning_call(Events& events);
  bool text(Events& events);
  bool tool_call(Events& events);

  Scan scan(size_t at);
  Scan scan_end(size_t at, size_t end) const;
  // The first `size` bytes of pending_ are no tool call.
  void give_up_call(size_t size, State next, Events& events);
  void open_call(size_t at, State next, Events& events);
  void emit(ResponseEvent::Kind kind, std::string_view text, Events& events);

  bool tool_calls_ = true;
  bool ended_ = false;  // there is no next piece
  State state_ = State::kStart;
  std::string pending_;
  std::string before_call_;      // the line breaks dropped in front of a tool call
  size_t searched_ = 0;          // no end of the tool call before this offset
  size_t call_end_ = 0;          // of calls_, in pending_
  std::vector<ToolCall> calls_;  // whole ones in the reasoning: what follows decides
  ParameterTypes parameter_types_;
};

}  // namespace gerbil::text
