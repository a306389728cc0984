#include "text/chat.h"

#include "base/json.h"
#include "text/jinja/json.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

void append_member(std::string_view key, std::string_view text, std::string& out) {
  out += ", \"";
  out += key;
  out += "\": ";
  jinja::append_json_string(repair_utf8(text), false, out);
}

bool is_json_object(std::string_view text) {
  const Result<json::Value> value = json::parse(text, "arguments");
  return value && value->object();
}

void append_tool_call(const ToolCall& call, std::string& out) {
  out += R"({"type": "function", "function": {"name": )";
  jinja::append_json_string(repair_utf8(call.name), false, out);
  if (is_json_object(call.arguments)) {
    out += ", \"arguments\": " + call.arguments;
  } else {
    append_member("arguments", call.arguments, out);
  }
  out += "}}";
}

}  // namespace

std::string messages_json(Span<const ChatMessage> messages) {
  std::string out = "[";
  for (const ChatMessage& message : messages) {
    if (out.size() > 1) out += ", ";
    out += "{\"role\": ";
    jinja::append_json_string(repair_utf8(message.role), false, out);
    append_member("content", message.content, out);
    if (!message.reasoning.empty()) append_member("reasoning_content", message.reasoning, out);
    if (!message.tool_calls.empty()) {
      out += ", \"tool_calls\": [";
      bool first = true;
      for (const ToolCall& call : message.tool_calls) {
        if (!std::exchange(first, false)) out += ", ";
        append_tool_call(call, out);
      }
      out += "]";
    }
    out += "}";
  }
  return out + "]";
}

}  // namespace gerbil::text
