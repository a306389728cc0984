// Detokenizer: the text of a stream of token ids, in whole characters.
//
// A token may hold a part of a character; its bytes wait here (at most 3) until the rest has come
// or can no longer come. All that push() and flush() gave, joined, equals Tokenizer::decode of all
// ids (but for a run of byte tokens that is not UTF-8, see tokenizer_decoder.h). One stream, one
// thread; the tokenizer must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "text/tokenizer.h"

namespace gerbil::text {

struct DecodeStream;

class Detokenizer {
 public:
  Detokenizer(const Tokenizer& tokenizer, bool skip_special);
  Detokenizer(Detokenizer&&) noexcept;
  Detokenizer& operator=(Detokenizer&&) noexcept;
  ~Detokenizer();

  // What the stream is longer by; may be empty.
  std::string push(int32_t id);

  // At the end of the stream: U+FFFD for a character that was torn off, else nothing. The stream
  // may go on after it as a new one.
  std::string flush();

 private:
  const Tokenizer* tokenizer_;
  bool skip_special_;
  std::unique_ptr<DecodeStream> stream_;
};

}  // namespace gerbil::text
