// The two ways in which models spell a tool call between <tool_call> and </tool_call>. Pure
// functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::text {

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON text of an object
};

// What JSON schema says a value may be: bits of ValueType; 0: nothing is known.
using ValueTypes = uint8_t;
enum ValueType : ValueTypes {
  kString = 1,
  kInteger = 2,
  kNumber = 4,
  kBoolean = 8,
  kNull = 16,
  kObject = 32,
  kArray = 64,
};

using ParameterTypes = std::map<std::string, std::map<std::string, ValueTypes>>;

// function -> parameter -> types, of a JSON array of tools; what is not understood is left out.
ParameterTypes parameter_types(std::string_view tools);

// The one call in JSON, or the calls in tags, of which there may be several. None: it is no tool
// call.
std::vector<ToolCall> parse_tool_calls(std::string_view body, const ParameterTypes& types);

// Whether `body` begins as a tool call does: -1 no, 0 it is too short to tell, 1 yes.
int begins_tool_call(std::string_view body);

// Whether `body` may be the beginning of a tool call that itself contains "</tool_call>": it ends
// inside of a JSON string, or of a parameter's value.
bool is_inside_value(std::string_view body);

}  // namespace gerbil::text
