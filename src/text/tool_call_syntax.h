// The two ways in which models spell a tool call between <tool_call> and </tool_call>. Pure
// functions, any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gerbil::text {

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON text of an object
};

using ParameterTypes = std::map<std::string, std::map<std::string, std::string>>;

// function -> parameter -> JSON schema type, of a JSON array of tools; what is not understood is
// left out.
ParameterTypes parameter_types(std::string_view tools);

// nothing: not a tool call.
std::optional<ToolCall> parse_tool_call(std::string_view body, const ParameterTypes& types);

// Whether `body` may be the beginning of a tool call that itself contains "</tool_call>": it ends
// inside of a JSON string, or of a parameter's value.
bool is_inside_value(std::string_view body);

}  // namespace gerbil::text
