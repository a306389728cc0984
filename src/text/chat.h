// Chat messages as gerbil itself makes them: what a prompt on the command line or a session's next
// turn is before it becomes the JSON that templates take. Messages that come from a file or a
// request stay JSON text, so that unknown keys reach the template. Plain values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/span.h"

namespace gerbil::text {

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON text of an object
};

struct ChatMessage {
  std::string role;  // system, user, assistant, tool
  std::string content;
  std::string reasoning;  // of an assistant; empty: none
  std::vector<ToolCall> tool_calls;
};

// A JSON array in the shape of the OpenAI API, reasoning as `reasoning_content`. Ill-formed UTF-8
// becomes U+FFFD; arguments that are no JSON object are passed on as a string.
std::string messages_json(Span<const ChatMessage> messages);

}  // namespace gerbil::text
