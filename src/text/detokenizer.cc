#include "text/detokenizer.h"

#include "text/tokenizer_decoder.h"

namespace gerbil::text {

Detokenizer::Detokenizer(const Tokenizer& tokenizer, bool skip_special)
    : tokenizer_(&tokenizer),
      skip_special_(skip_special),
      stream_(std::make_unique<DecodeStream>()) {}
Detokenizer::Detokenizer(Detokenizer&&) noexcept = default;
Detokenizer& Detokenizer::operator=(Detokenizer&&) noexcept = default;
Detokenizer::~Detokenizer() = default;

std::string Detokenizer::push(int32_t id) {
  std::string out;
  if (!skip_special_ || !tokenizer_->is_special(id)) tokenizer_->stream(id, *stream_, out);
  return out;
}

std::string Detokenizer::flush() {
  std::string out;
  tokenizer_->end_stream(*stream_, out);
  return out;
}

}  // namespace gerbil::text
