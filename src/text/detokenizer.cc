#include "text/detokenizer.h"

namespace gerbil::text {

std::string Detokenizer::push(int32_t id) {
  std::string out;
  if (!skip_special_ || !tokenizer_->is_special(id)) repair_.push(tokenizer_->token_bytes(id), out);
  return out;
}

std::string Detokenizer::flush() {
  std::string out;
  repair_.flush(out);
  return out;
}

}  // namespace gerbil::text
