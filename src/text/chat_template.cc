#include "text/chat_template.h"

#include <fmt/format.h>

#include "base/quote.h"
#include "text/jinja/json.h"
#include "text/jinja/python_text.h"

namespace gerbil::text {
namespace {

using jinja::Dict;
using jinja::Runtime;
using jinja::Value;

// Put behind the last message's content to find it again in the prompt. Ends in a blank: a
// template that trims contents takes that away too.
constexpr std::string_view kFinalMark = "<|gerbil:final-message|> ";

// Messages as the template sees them.
class MessageConverter {
 public:
  MessageConverter(Runtime& runtime, bool arguments_as_objects, bool mark_final)
      : runtime_(runtime), arguments_as_objects_(arguments_as_objects), mark_final_(mark_final) {}

  Result<Value> convert(const json::Array& messages) {
    std::vector<Value> out;
    out.reserve(messages.size());
    for (const json::Value& message : messages) {
      mark_this_ = mark_final_ && &message == &messages.back();
      GERBIL_TRY(Value converted, convert_object(*message.object(), Level::kMessage));
      out.push_back(std::move(converted));
    }
    return runtime_.list(std::move(out));
  }

 private:
  // Where in a message an object stands: decides which of its members are rewritten.
  enum class Level { kMessage, kToolCall, kFunction };

  Result<Value> convert_object(const json::Object& object, Level level) {
    Dict dict;
    for (const json::Member& member : object.members()) {
      GERBIL_TRY(Value key, runtime_.string(member.key));
      GERBIL_TRY(Value value, convert_member(member, level));
      dict.set(std::move(key), std::move(value));
    }
    return runtime_.dict(std::move(dict));
  }

  Result<Value> convert_member(const json::Member& member, Level level) {
    const json::Value& value = member.value;
    if (level == Level::kMessage && member.key == "content" && mark_this_)
      return marked_content(value);
    if (!arguments_as_objects_) return jinja::from_json(runtime_, value);
    if (level == Level::kMessage && member.key == "tool_calls" && value.array()) {
      std::vector<Value> calls;
      for (const json::Value& call : *value.array()) {
        GERBIL_TRY(Value converted, call.object() ? convert_object(*call.object(), Level::kToolCall)
                                                  : jinja::from_json(runtime_, call));
        calls.push_back(std::move(converted));
      }
      return runtime_.list(std::move(calls));
    }
    if (level == Level::kToolCall && member.key == "function" && value.object())
      return convert_object(*value.object(), Level::kFunction);
    if (level != Level::kMessage && member.key == "arguments" && value.string()) {
      const Result<json::Value> parsed = json::parse(*value.string(), "arguments");
      if (parsed && parsed->object()) return jinja::from_json(runtime_, *parsed);
    }
    return jinja::from_json(runtime_, value);
  }

  // The content with the mark behind its text, or its last text part.
  Result<Value> marked_content(const json::Value& content) {
    if (const std::string* text = content.string())
      return runtime_.string(*text + std::string(kFinalMark));
    const json::Array* parts = content.array();
    if (!parts) return no_text();
    const json::Object* last = nullptr;
    for (const json::Value& part : *parts)
      if (part.object() && part.object()->find("text")) last = part.object();
    if (!last || !last->find("text")->string()) return no_text();
    std::vector<Value> out;
    for (const json::Value& part : *parts) {
      if (part.object() != last) {
        GERBIL_TRY(Value converted, jinja::from_json(runtime_, part));
        out.push_back(std::move(converted));
        continue;
      }
      Dict dict;
      for (const json::Member& member : last->members()) {
        GERBIL_TRY(Value key, runtime_.string(member.key));
        GERBIL_TRY(Value value, member.key == "text" ? marked_content(member.value)
                                                     : jinja::from_json(runtime_, member.value));
        dict.set(std::move(key), std::move(value));
      }
      GERBIL_TRY(Value converted, runtime_.dict(std::move(dict)));
      out.push_back(std::move(converted));
    }
    return runtime_.list(std::move(out));
  }

  static std::unexpected<Error> no_text() {
    return invalid("continue_final_message: the last message has no text to go on with");
  }

  Runtime& runtime_;
  bool arguments_as_objects_;
  bool mark_final_;
  bool mark_this_ = false;
};

Status check_messages(const json::Value& messages) {
  if (!messages.array())
    return invalid("messages: expected an array, found {}", json::describe(messages));
  if (messages.array()->empty()) return invalid("messages: expected at least one message");
  for (size_t i = 0; i < messages.array()->size(); ++i) {
    const json::Value& message = (*messages.array())[i];
    if (!message.object())
      return invalid("messages[{}]: expected an object, found {}", i, json::describe(message));
    const json::Value* role = message.object()->find("role");
    if (!role || !role->string())
      return invalid("messages[{}]: expected a string as \"role\", {}", i,
                     role ? "found " + json::describe(*role) : "which is missing");
  }
  return {};
}

bool has_string_arguments(const json::Object& call) {
  const json::Value* arguments = call.find("arguments");
  if (arguments && arguments->string()) return true;
  const json::Value* function = call.find("function");
  return function && function->object() && has_string_arguments(*function->object());
}

bool has_string_arguments(const json::Value& messages) {
  for (const json::Value& message : *messages.array()) {
    const json::Value* calls = message.object()->find("tool_calls");
    if (!calls || !calls->array()) continue;
    for (const json::Value& call : *calls->array())
      if (call.object() && has_string_arguments(*call.object())) return true;
  }
  return false;
}

Result<std::string> cut_at_mark(std::string prompt, const std::string& name) {
  const std::string_view bare = kFinalMark.substr(0, kFinalMark.size() - 1);
  const size_t at = prompt.rfind(bare);
  if (at == std::string::npos)
    return invalid(
        "{}: the prompt does not hold the last message's content, so it cannot be "
        "continued",
        name);
  const bool trimmed = !std::string_view(prompt).substr(at).starts_with(kFinalMark);
  prompt.resize(at);
  // A template that trims the content would have taken blanks before the mark as well.
  if (trimmed) prompt.resize(jinja::strip(prompt, jinja::Side::kRight).size());
  return prompt;
}

}  // namespace

Result<ChatTemplate> ChatTemplate::compile(std::string_view source, std::string name,
                                           const jinja::Limits& limits,
                                           const SpecialTokens& special_tokens) {
  GERBIL_TRY(jinja::Template compiled, jinja::Template::compile(source, std::move(name), limits));
  ChatTemplate out(std::move(compiled));
  out.mentions_thinking_ = source.contains("<think>");
  out.mentions_tool_calls_ = source.contains("<tool_call>");
  out.special_tokens_ = special_tokens;
  return out;
}

bool gives_tools(std::string_view tools) {
  const std::string_view bare = jinja::strip(tools, jinja::Side::kBoth);
  return !bare.empty() && bare != "null";
}

Result<std::string> ChatTemplate::render(std::string_view messages, std::string_view tools,
                                         const ChatOptions& options) const {
  GERBIL_TRY(const json::Value parsed_messages, json::parse(messages, "messages"));
  GERBIL_CHECK_OK(check_messages(parsed_messages));
  json::Value parsed_tools;
  if (!tools.empty()) {
    GERBIL_TRY(parsed_tools, json::parse(tools, "tools"));
    if (!parsed_tools.array() && !parsed_tools.is_null())
      return invalid("tools: expected an array, found {}", json::describe(parsed_tools));
  }
  if (options.continue_final_message && options.add_generation_prompt)
    return invalid("continue_final_message and add_generation_prompt exclude each other");
  const json::Value* tools_given = parsed_tools.array() ? &parsed_tools : nullptr;
  Result<std::string> prompt =
      render_once(parsed_messages, tools_given, options, options.tool_arguments_as_objects);
  if (!prompt && !options.tool_arguments_as_objects && has_string_arguments(parsed_messages)) {
    Result<std::string> again = render_once(parsed_messages, tools_given, options, true);
    if (again) return again;
  }
  return prompt;
}

Result<std::string> ChatTemplate::render_once(const json::Value& messages, const json::Value* tools,
                                              const ChatOptions& options,
                                              bool arguments_as_objects) const {
  const auto fill = [&](Runtime& runtime, jinja::Variables& variables) -> Status {
    for (const auto& [name, token] : special_tokens_)
      variables.emplace_back(name, jinja::uncounted_string(token));
    MessageConverter converter(runtime, arguments_as_objects, options.continue_final_message);
    GERBIL_TRY(Value list, converter.convert(*messages.array()));
    variables.emplace_back("messages", std::move(list));
    Value tools_value{jinja::None{}};
    if (tools) {
      GERBIL_TRY(tools_value, jinja::from_json(runtime, *tools));
    }
    variables.emplace_back("tools", std::move(tools_value));
    variables.emplace_back("documents", Value(jinja::None{}));
    variables.emplace_back("add_generation_prompt", Value(options.add_generation_prompt));
    if (options.enable_thinking)
      variables.emplace_back("enable_thinking", Value(*options.enable_thinking));
    if (options.variables_json.empty()) return {};
    GERBIL_TRY(const json::Value extra, json::parse(options.variables_json, "template variables"));
    if (!extra.object())
      return invalid("template variables: expected an object, found {}", json::describe(extra));
    for (const json::Member& member : extra.object()->members()) {
      GERBIL_TRY(Value value, jinja::from_json(runtime, member.value));
      variables.emplace_back(member.key, std::move(value));
    }
    return {};
  };
  GERBIL_TRY(std::string prompt, compiled_.render(fill, options.now));
  if (!options.continue_final_message) return prompt;
  return cut_at_mark(std::move(prompt), compiled_.name());
}

ResponseFormat ChatTemplate::response_format(std::string_view prompt,
                                             std::string_view tools) const {
  ResponseFormat out;
  out.thinking = mentions_thinking_;
  out.tool_calls = mentions_tool_calls_;
  out.starts_in_reasoning =
      out.thinking && jinja::strip(prompt, jinja::Side::kRight).ends_with("<think>");
  out.tools = tools;
  return out;
}

}  // namespace gerbil::text
