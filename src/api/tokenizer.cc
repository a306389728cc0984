#include "api/hub.h"
#include "api/prompter.h"
#include "gerbil/gerbil.h"

namespace gerbil {

struct Tokenizer::Impl {
  api::Prompter prompter;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<Tokenizer>> Tokenizer::load(const std::string& model,
                                                   const std::string& bundled_models,
                                                   const Hub& hub) {
  hub::HubOptions options = api::hub_options(bundled_models, false);
  options.hub = api::hub_access(hub, {});
  GERBIL_TRY(const hub::ModelFiles files, hub::open_model(model, options));
  GERBIL_TRY(api::Prompter prompter, api::Prompter::load(files));
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::make_unique<Impl>(std::move(prompter))));
}

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view text) const {
  return impl_->prompter.encode(text, true);
}

Result<std::string> Tokenizer::decode(const std::vector<int32_t>& ids, bool skip_special) const {
  GERBIL_TRY(const text::Tokenizer* tokenizer, impl_->prompter.tokenizer());
  return tokenizer->decode(ids, skip_special);
}

Result<std::string> Tokenizer::render(std::string_view messages, std::string_view tools,
                                      const ChatOptions& options) const {
  return impl_->prompter.render(messages, tools, options);
}

}  // namespace gerbil
