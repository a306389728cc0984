// The chat templates of a checkpoint, by name, and which of them a chat takes.
//
// A checkpoint has one template, called "default", or several: files
// additional_chat_templates/NAME.jinja beside chat_template.jinja, or a list of {"name",
// "template"} in tokenizer_config.json. What is wrong with one of them is told when it is chosen:
// the others work. Immutable: all functions from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/chat_template.h"

namespace gerbil::text {

// The texts of a checkpoint's files; absent where the file is.
struct ChatTemplateFiles {
  std::optional<std::string_view> chat_template_jinja;
  // NAME and text of additional_chat_templates/NAME.jinja.
  std::vector<std::pair<std::string_view, std::string_view>> additional;
  std::optional<std::string_view> tokenizer_config_json;
  std::optional<std::string_view> chat_template_json;  // of older processors
};

class ChatTemplates {
 public:
  // As transformers does: .jinja files win over chat_template.json, and that over
  // tokenizer_config.json, whose bos_token, eos_token ... become variables of the templates. An
  // error where a file that says which templates there are cannot be understood.
  static Result<ChatTemplates> from_files(const ChatTemplateFiles& files);

  // Sorted.
  std::vector<std::string> names() const;
  // The template of that name; without one: "tool_use" for a chat with tools where it exists, else
  // "default". An error says which names there are; kNotFound where there is none at all.
  Result<ChatTemplate> choose(std::string_view name, bool with_tools) const;
  // Another one, with the checkpoint's tokens for variables; errors call it `name`.
  Result<ChatTemplate> compile(std::string_view source, std::string name) const;

 private:
  struct Named {
    std::string name;
    Result<ChatTemplate> compiled;
  };
  ChatTemplates() = default;
  Status add(std::string_view name, std::string_view source, std::string called);
  // A string or a list of named templates; `file` is where it stands.
  Status take(const json::Fields& fields, std::string_view file);
  const Named* find(std::string_view name) const;
  std::string listed() const;  // "default", "tool_use"

  std::vector<Named> templates_;
  SpecialTokens special_tokens_;
};

}  // namespace gerbil::text
