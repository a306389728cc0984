#include "text/tool_call_syntax.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/json.h"
#include "text/jinja/json.h"
#include "text/jinja/python_text.h"
#include "text/utf8.h"

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

bool is_json_number(std::string_view text) {
  const Result<json::Value> parsed = json::parse(text, "parameter");
  return parsed && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

// "+007" -> "7"; empty: it is no whole number.
std::string whole_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
  return (negative ? "-" : "") + std::string(text);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The text of a value as JSON, if it is one of those types.
std::string typed_json(std::string_view bare, ValueTypes types) {
  // Templates write null as Python does.
  const bool nullable = (types & kNull) != 0 || (types & kString) == 0;
  if (nullable && (bare == "null" || bare == "None")) return "null";
  if ((types & (kInteger | kNumber)) != 0) {
    if (std::string number = whole_number(bare); !number.empty()) return number;
    if ((types & kNumber) != 0 && !bare.empty() && is_json_number(bare)) return std::string(bare);
  }
  if ((types & kBoolean) != 0)
    if (std::string word = lower(bare); word == "true" || word == "false") return word;
  if ((types & (kObject | kArray)) != 0 || types == 0) {
    const Result<json::Value> parsed = json::parse(bare, "parameter");
    if (parsed && (parsed->object() || parsed->array())) return std::string(bare);
  }
  return {};
}

// A value between <parameter=NAME> and </parameter>, as JSON. What is none of the declared types is
// a string, for nothing of it shall be lost. Where nothing is declared only what has brackets and
// "null" are more than that: digits may be an account's or a telephone's.
std::string parameter_json(std::string_view value, ValueTypes types) {
  std::string out = typed_json(trim(value), types);
  if (out.empty()) jinja::append_json_string(value, false, out);
  return out;
}

size_t count(std::string_view text, std::string_view what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    ++found;
  return found;
}

// Takes a parameter's value from the front of `rest`: up to the closing tag that another tag
// follows, or, where a closing tag is missing, up to the next tag.
std::optional<std::string_view> take_value(std::string_view& rest) {
  constexpr size_t kNone = std::string_view::npos;
  size_t close = rest.find(kParameterClose);
  for (; close != kNone; close = rest.find(kParameterClose, close + 1)) {
    const std::string_view after = trim_left(rest.substr(close + kParameterClose.size()));
    if (after.starts_with(kParameterOpen) || after.starts_with(kFunctionClose)) break;
  }
  size_t end = close;
  if (close == kNone) {
    end = std::min(rest.find(kParameterOpen), rest.find(kFunctionClose));
    if (end == kNone) return std::nullopt;
  } else if (const std::string_view value = rest.substr(0, close);
             count(value, kParameterOpen) > count(value, kParameterClose)) {
    end = value.find(kParameterOpen);  // the closing tag is another parameter's
  }
  std::string_view value = rest.substr(0, end);
  rest.remove_prefix(end == close ? end + kParameterClose.size() : end);
  // One line break on each side is the syntax's.
  if (value.starts_with('\n')) value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
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

// <function=NAME>...</function>, taken from the front of `rest`.
std::optional<ToolCall> take_tagged_call(std::string_view& rest, const ParameterTypes& types) {
  rest.remove_prefix(kFunctionOpen.size());
  auto name = take_name(rest);
  if (!name) return std::nullopt;
  const auto known = types.find(*name);
  std::set<std::string> seen;
  ToolCall out{*std::move(name), "{"};
  for (rest = trim_left(rest); rest.starts_with(kParameterOpen); rest = trim_left(rest)) {
    rest.remove_prefix(kParameterOpen.size());
    const auto parameter = take_name(rest);
    const auto value = parameter ? take_value(rest) : std::nullopt;
    if (!value || !seen.insert(*parameter).second) return std::nullopt;
    ValueTypes declared = 0;
    if (known != types.end())
      if (const auto type = known->second.find(*parameter); type != known->second.end())
        declared = type->second;
    if (out.arguments.size() > 1) out.arguments += ", ";
    jinja::append_json_string(*parameter, false, out.arguments);
    out.arguments += ": " + parameter_json(*value, declared);
  }
  if (!rest.starts_with(kFunctionClose)) return std::nullopt;
  rest.remove_prefix(kFunctionClose.size());
  out.arguments += "}";
  return out;
}

std::vector<ToolCall> parse_tagged_calls(std::string_view rest, const ParameterTypes& types) {
  std::vector<ToolCall> calls;
  while (rest.starts_with(kFunctionOpen)) {
    auto call = take_tagged_call(rest, types);
    if (!call) return {};
    calls.push_back(*std::move(call));
    rest = trim_left(rest);
  }
  if (!rest.empty()) return {};
  return calls;
}

ValueTypes type_named(std::string_view name) {
  // Beside JSON schema's own: what people write.
  static constexpr std::pair<std::string_view, ValueTypes> kNames[] = {
      {"string", kString},   {"str", kString},    {"text", kString},  {"enum", kString},
      {"integer", kInteger}, {"int", kInteger},   {"long", kInteger}, {"number", kNumber},
      {"float", kNumber},    {"double", kNumber}, {"bool", kBoolean}, {"boolean", kBoolean},
      {"null", kNull},       {"object", kObject}, {"dict", kObject},  {"array", kArray},
      {"list", kArray},
  };
  const std::string known = lower(name);
  for (const auto& [candidate, type] : kNames)
    if (candidate == known) return type;
  return 0;
}

ValueTypes type_of(const json::Value& value) {
  if (value.string()) return kString;
  if (value.boolean()) return kBoolean;
  if (value.is_null()) return kNull;
  if (value.object()) return kObject;
  if (value.array()) return kArray;
  return kNumber;
}

// Of a schema: its type or types, or those of its alternatives or allowed values.
ValueTypes types_of(const json::Object& schema, int depth = 0) {
  constexpr int kDeepest = 16;
  ValueTypes out = 0;
  const json::Value* type = schema.find("type");
  if (type && type->string()) out |= type_named(*type->string());
  if (type && type->array())
    for (const json::Value& one : *type->array())
      if (one.string()) out |= type_named(*one.string());
  for (std::string_view alternatives : {"anyOf", "oneOf", "allOf"}) {
    const json::Value* list = schema.find(alternatives);
    if (out != 0 || !list || !list->array() || depth == kDeepest) continue;
    for (const json::Value& one : *list->array())
      if (one.object()) out |= types_of(*one.object(), depth + 1);
  }
  if (out != 0) return out;
  if (const json::Value* values = schema.find("enum"); values && values->array())
    for (const json::Value& value : *values->array()) out |= type_of(value);
  if (const json::Value* value = schema.find("const")) out |= type_of(*value);
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
    if (schema) types[property.key] = types_of(*schema);
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

std::vector<ToolCall> parse_tool_calls(std::string_view body, const ParameterTypes& types) {
  body = trim(body);
  // Arguments are JSON, which holds no ill-formed text; a reader of JSON refuses it by itself.
  if (body.starts_with(kFunctionOpen)) return parse_tagged_calls(repair_utf8(body), types);
  if (!body.starts_with('{')) return {};
  auto call = parse_json_call(body);
  if (!call) return {};
  return {*std::move(call)};
}

int begins_tool_call(std::string_view body) {
  body = trim_left(body);
  if (body.starts_with('{') || body.starts_with(kFunctionOpen)) return 1;
  return kFunctionOpen.starts_with(body) ? 0 : -1;
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
