#include "text/tool_call_syntax.h"

#include <algorithm>

#include "base/json.h"
#include "text/jinja/json.h"
#include "text/jinja/python_text.h"

namespace gerbil::text {
namespace {

constexpr std::string_view kFunctionOpen = "<function=";
constexpr std::string_view kFunctionClose = "</function>";
constexpr std::string_view kParameterOpen = "<parameter=";
constexpr std::string_view kParameterClose = "</parameter>";

std::string_view trim(std::string_view text) { return jinja::strip(text, jinja::Side::kBoth); }
std::string_view trim_left(std::string_view text) { return jinja::strip(text, jinja::Side::kLeft); }

// Offset behind the JSON string whose opening quote stands at `at`; npos if it is torn.
size_t string_end(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// The text of a member's value inside of a well-formed JSON object, as it was written.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view key) {
  size_t at = object.find('{') + 1;
  while (at < object.size()) {
    const size_t key_begin = object.find('"', at);
    if (key_begin == std::string_view::npos) return std::nullopt;
    const size_t key_end = string_end(object, key_begin);
    const size_t value_begin = object.find(':', key_end) + 1;
    size_t end = value_begin;
    int depth = 0;
    while (end < object.size()) {
      const char c = object[end];
      if (c == '"') {
        end = string_end(object, end);
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) break;
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      ++end;
    }
    if (object.substr(key_begin + 1, key_end - key_begin - 2) == key)
      return trim(object.substr(value_begin, end - value_begin));
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<ToolCall> parse_json_call(std::string_view body) {
  const Result<json::Value> call = json::parse(body, "tool call");
  if (!call || !call->object()) return std::nullopt;
  const json::Value* name = call->object()->find("name");
  if (!name || !name->string() || name->string()->empty()) return std::nullopt;
  ToolCall out{*name->string(), "{}"};
  const json::Value* arguments = call->object()->find("arguments");
  if (!arguments || arguments->is_null()) return out;
  if (arguments->string()) {
    // Some models write the object into a string once more.
    const Result<json::Value> inner = json::parse(*arguments->string(), "arguments");
    if (!inner || !inner->object()) return std::nullopt;
    out.arguments = trim(*arguments->string());
    return out;
  }
  const auto raw = raw_member(body, "arguments");
  if (!arguments->object() || !raw) return std::nullopt;
  out.arguments = *raw;
  return out;
}

// A value between <parameter=NAME> and </parameter>, as JSON.
std::string parameter_json(std::string_view value, const std::string* type) {
  if (!type || *type != "string") {
    const std::string_view bare = trim(value);
    if (type && *type == "boolean" && (bare == "True" || bare == "False"))
      return bare == "True" ? "true" : "false";
    if (bare == "None" && type) return "null";
    const Result<json::Value> parsed = json::parse(bare, "parameter");
    if (parsed && !parsed->string()) return std::string(bare);
  }
  std::string out;
  jinja::append_json_string(value, false, out);
  return out;
}

// The end of a parameter's value: a closing tag that another tag follows.
size_t parameter_end(std::string_view rest) {
  for (size_t at = rest.find(kParameterClose); at != std::string_view::npos;
       at = rest.find(kParameterClose, at + 1)) {
    const std::string_view after = trim_left(rest.substr(at + kParameterClose.size()));
    if (after.starts_with(kParameterOpen) || after.starts_with(kFunctionClose)) return at;
  }
  return std::string_view::npos;
}

// NAME> of an opening tag, taken from the front of `rest`.
std::optional<std::string> take_name(std::string_view& rest) {
  const size_t end = rest.find_first_of(">\n");
  if (end == std::string_view::npos || rest[end] != '>' || end == 0) return std::nullopt;
  std::string name(trim(rest.substr(0, end)));
  rest.remove_prefix(end + 1);
  if (name.empty()) return std::nullopt;
  return name;
}

std::optional<ToolCall> parse_tagged_call(std::string_view rest, const ParameterTypes& types) {
  rest.remove_prefix(kFunctionOpen.size());
  auto name = take_name(rest);
  if (!name) return std::nullopt;
  const auto known = types.find(*name);
  std::map<std::string, std::string> seen;
  ToolCall out{*std::move(name), "{"};
  for (rest = trim_left(rest); rest.starts_with(kParameterOpen); rest = trim_left(rest)) {
    rest.remove_prefix(kParameterOpen.size());
    const auto parameter = take_name(rest);
    const size_t end = parameter_end(rest);
    if (!parameter || end == std::string_view::npos) return std::nullopt;
    if (!seen.emplace(*parameter, "").second) return std::nullopt;
    std::string_view value = rest.substr(0, end);
    // One line break on each side is the syntax's.
    if (value.starts_with('\n')) value.remove_prefix(1);
    if (value.ends_with('\n')) value.remove_suffix(1);
    rest.remove_prefix(end + kParameterClose.size());
    const std::string* type = nullptr;
    if (known != types.end()) {
      const auto declared = known->second.find(*parameter);
      if (declared != known->second.end()) type = &declared->second;
    }
    if (out.arguments.size() > 1) out.arguments += ", ";
    jinja::append_json_string(*parameter, false, out.arguments);
    out.arguments += ": " + parameter_json(value, type);
  }
  if (!rest.starts_with(kFunctionClose)) return std::nullopt;
  if (!trim(rest.substr(kFunctionClose.size())).empty()) return std::nullopt;
  out.arguments += "}";
  return out;
}

void add_tool(const json::Object& function, ParameterTypes& out) {
  const json::Value* name = function.find("name");
  const json::Value* parameters = function.find("parameters");
  if (!name || !name->string() || !parameters || !parameters->object()) return;
  auto& types = out[*name->string()];
  const json::Value* properties = parameters->object()->find("properties");
  if (!properties || !properties->object()) return;
  for (const json::Member& property : properties->object()->members()) {
    const json::Object* schema = property.value.object();
    const json::Value* type = schema ? schema->find("type") : nullptr;
    if (type && type->string()) types[property.key] = *type->string();
  }
}

}  // namespace

ParameterTypes parameter_types(std::string_view tools) {
  ParameterTypes out;
  if (tools.empty()) return out;
  const Result<json::Value> parsed = json::parse(tools, "tools");
  if (!parsed || !parsed->array()) return out;
  for (const json::Value& tool : *parsed->array()) {
    if (!tool.object()) continue;
    const json::Value* function = tool.object()->find("function");
    if (function && function->object()) {
      add_tool(*function->object(), out);
    } else {
      add_tool(*tool.object(), out);
    }
  }
  return out;
}

std::optional<ToolCall> parse_tool_call(std::string_view body, const ParameterTypes& types) {
  body = trim(body);
  if (body.starts_with(kFunctionOpen)) return parse_tagged_call(body, types);
  if (body.starts_with('{')) return parse_json_call(body);
  return std::nullopt;
}

bool is_inside_value(std::string_view body) {
  body = trim(body);
  if (body.starts_with(kFunctionOpen)) return !body.ends_with(kFunctionClose);
  if (!body.starts_with('{')) return false;
  for (size_t at = body.find('"'); at != std::string_view::npos; at = body.find('"', at)) {
    const size_t end = string_end(body, at);
    if (end == std::string_view::npos) return true;
    at = end;
  }
  return false;
}

}  // namespace gerbil::text
