#include "text/chat_templates.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.h"

namespace gerbil::text {
namespace {

constexpr std::string_view kDefault = "default";
constexpr std::string_view kToolUse = "tool_use";
constexpr std::string_view kConfig = "tokenizer_config.json";
constexpr size_t kMostTemplates = 64;

// "<s>" or {"content": "<s>", ...}
const std::string* token_text(const json::Value& token) {
  if (token.string()) return token.string();
  if (!token.object()) return nullptr;
  const json::Value* content = token.object()->find("content");
  return content ? content->string() : nullptr;
}

SpecialTokens special_tokens(const json::Fields& config) {
  static constexpr std::string_view kTokens[] = {"bos_token", "eos_token", "unk_token", "pad_token",
                                                 "sep_token", "cls_token", "mask_token"};
  SpecialTokens tokens;
  for (std::string_view token : kTokens) {
    const json::Value* value = config.find(token);
    if (const std::string* text = value ? token_text(*value) : nullptr)
      tokens.emplace_back(token, *text);
  }
  return tokens;
}

}  // namespace

Result<ChatTemplates> ChatTemplates::from_files(const ChatTemplateFiles& files) {
  static constexpr std::string_view kProcessor = "chat_template.json";
  ChatTemplates out;
  GERBIL_TRY(const json::Value config,
             json::parse(files.tokenizer_config_json.value_or("{}"), kConfig));
  GERBIL_TRY(const json::Fields config_fields, json::Fields::of(config, kConfig));
  out.special_tokens_ = special_tokens(config_fields);
  if (files.chat_template_jinja)
    GERBIL_CHECK_OK(out.add(kDefault, *files.chat_template_jinja, "chat_template.jinja"));
  for (const auto& [name, source] : files.additional)
    GERBIL_CHECK_OK(out.add(name, source, fmt::format("additional_chat_templates/{}.jinja", name)));
  if (files.chat_template_json && out.templates_.empty()) {
    GERBIL_TRY(const json::Value processor, json::parse(*files.chat_template_json, kProcessor));
    GERBIL_TRY(const json::Fields fields, json::Fields::of(processor, kProcessor));
    GERBIL_CHECK_OK(out.take(fields, kProcessor));
  }
  if (out.templates_.empty()) GERBIL_CHECK_OK(out.take(config_fields, kConfig));
  return out;
}

// Of two templates with one name the later one counts, as in transformers.
Status ChatTemplates::add(std::string_view name, std::string_view source, std::string called) {
  Result<ChatTemplate> compiled = compile(source, std::move(called));
  const auto same = std::ranges::find(templates_, name, &Named::name);
  if (same != templates_.end()) {
    same->compiled = std::move(compiled);
    return {};
  }
  if (templates_.size() == kMostTemplates)
    return unsupported("expected at most {} chat templates, found more", kMostTemplates);
  templates_.push_back({std::string(name), std::move(compiled)});
  return {};
}

Status ChatTemplates::take(const json::Fields& fields, std::string_view file) {
  const json::Value* source = fields.find("chat_template");
  if (!source) return {};
  if (source->string()) return add(kDefault, *source->string(), std::string(file));
  if (!source->array())
    return fields.expected("chat_template", "a string or a list of named templates");
  for (const json::Value& entry : *source->array()) {
    GERBIL_TRY(const json::Fields named, json::Fields::of(entry, file));
    GERBIL_TRY(const std::string name, named.string("name"));
    GERBIL_TRY(const std::string text, named.string("template"));
    GERBIL_CHECK_OK(add(name, text, fmt::format("{} ({})", file, in_quotes(name))));
  }
  return {};
}

Result<ChatTemplate> ChatTemplates::compile(std::string_view source, std::string name) const {
  return ChatTemplate::compile(source, std::move(name), {}, special_tokens_);
}

std::vector<std::string> ChatTemplates::names() const {
  std::vector<std::string> out;
  out.reserve(templates_.size());
  for (const Named& named : templates_) out.push_back(named.name);
  std::ranges::sort(out);
  return out;
}

std::string ChatTemplates::listed() const {
  std::string out;
  for (const std::string& name : names()) out += (out.empty() ? "" : ", ") + in_quotes(name);
  return out;
}

const ChatTemplates::Named* ChatTemplates::find(std::string_view name) const {
  const auto found = std::ranges::find(templates_, name, &Named::name);
  return found == templates_.end() ? nullptr : &*found;
}

Result<ChatTemplate> ChatTemplates::choose(std::string_view name, bool with_tools) const {
  if (templates_.empty())
    return fail(ErrorCode::kNotFound,
                "the model has no chat template, neither chat_template.jinja nor in {}", kConfig);
  if (!name.empty()) {
    if (const Named* named = find(name)) return named->compiled;
    return fail(ErrorCode::kNotFound, "has no chat template {}; there is {}", in_quotes(name),
                listed());
  }
  const Named* tool_use = with_tools ? find(kToolUse) : nullptr;
  const Named* chosen = tool_use ? tool_use : find(kDefault);
  if (chosen) return chosen->compiled;
  return fail(ErrorCode::kNotFound,
              "has no chat template \"default\": one must be chosen by its name, of {}", listed());
}

}  // namespace gerbil::text
