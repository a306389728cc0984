// Prompter: the text side of a checkpoint: tokenizer, chat template, and how the answers of its
// chats are split. Immutable once loaded: share it between threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gerbil/gerbil.h"
#include "hub/model_files.h"
#include "text/chat_templates.h"
#include "text/tokenizer.h"

namespace gerbil::api {

// Where the word "demo" leads.
hub::HubOptions hub_options(const std::string& bundled_models, bool weights);

class Prompter {
 public:
  // A folder without a tokenizer or template makes a Prompter whose functions say what is missing.
  // `options`: where a tokenizer's tables are kept.
  static Result<Prompter> load(const hub::ModelFiles& files, const LoadOptions& options = {});

  // Of a text with more than `max_ids` ids, a beginning with more ids than that. A special token
  // that is put in front of every text is not put before itself.
  Result<std::vector<int32_t>> encode(std::string_view text, bool add_special_tokens,
                                      size_t max_ids = SIZE_MAX) const;
  Result<std::string> render(std::string_view messages, std::string_view tools,
                             const ChatOptions& options) const;
  bool has_tokenizer() const { return tokenizer_.has_value(); }
  Result<const text::Tokenizer*> tokenizer() const;
  // The template that makes a chat's prompt. `tools`: as in Chat.
  Result<text::ChatTemplate> chat_template(const ChatTemplateOptions& options,
                                           std::string_view tools) const;

 private:
  std::string folder_;
  std::optional<text::Tokenizer> tokenizer_;
  std::optional<text::ChatTemplates> templates_;
  Error templates_error_;  // why there are none
};

}  // namespace gerbil::api
