// A model's chat template: messages and tools in, the prompt out. Which one a model has, say
// text/chat_templates.h.
//
// The template is the checkpoint's own Jinja source (see text/jinja/template.h); messages and tools
// are JSON text and reach it as they are, unknown keys included, in the way of transformers'
// apply_chat_template. All of it may be hostile: JSON is bounded in depth and size and refuses
// duplicate keys, the template is bounded by its Limits. Errors are one line naming the template
// and the line, or the message. Immutable: render() from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/jinja/template.h"
#include "text/response_parser.h"

namespace gerbil::text {

struct ChatOptions {
  bool add_generation_prompt = true;
  std::optional<bool> enable_thinking;  // unset: the template decides
  // The last message is an answer to be gone on with: the prompt ends where its content does.
  bool continue_final_message = false;
  // Tool calls whose arguments are a string of JSON, as the OpenAI API has them, become objects.
  // Where this is off, they do so only if the template fails on the string.
  bool tool_arguments_as_objects = false;
  std::string variables_json;           // an object of further variables, or nothing
  std::optional<jinja::CivilTime> now;  // for templates that print the date
};

// bos_token, eos_token ...: variables of the template.
using SpecialTokens = std::vector<std::pair<std::string, std::string>>;

class ChatTemplate {
 public:
  // `name` is what errors call it: usually "chat_template.jinja".
  static Result<ChatTemplate> compile(std::string_view source, std::string name,
                                      const jinja::Limits& limits = {},
                                      const SpecialTokens& special_tokens = {});

  // `messages`: a JSON array of objects with a `role`. `tools`: a JSON array, or empty (or null)
  // for none.
  Result<std::string> render(std::string_view messages, std::string_view tools,
                             const ChatOptions& options = {}) const;

  // How to read the answer to `prompt`: which markers the template knows, and whether the prompt
  // leaves off inside of the reasoning. `tools` as for render.
  ResponseFormat response_format(std::string_view prompt, std::string_view tools) const;

 private:
  explicit ChatTemplate(jinja::Template compiled) : compiled_(std::move(compiled)) {}
  Result<std::string> render_once(const json::Value& messages, const json::Value* tools,
                                  const ChatOptions& options, bool arguments_as_objects) const;

  jinja::Template compiled_;
  bool mentions_thinking_ = false;
  bool mentions_tool_calls_ = false;
  SpecialTokens special_tokens_;
};

// Whether `tools`, as given to render(), is more than nothing: an empty array is.
bool gives_tools(std::string_view tools);

}  // namespace gerbil::text
