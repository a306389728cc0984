// Tokenizer: text to token ids and back, as the checkpoint's tokenizer.json says.
//
// Immutable once loaded: any number of threads may call any method. The ids are those of Hugging
// Face's `tokenizers` library. Text is UTF-8; each ill-formed sequence is read as U+FFFD (a caller
// that wants to refuse such text asks check_utf8 of utf8.h first). Memory: a few times the size of
// the vocabulary. Ids beyond the vocabulary (padding rows of the embedding) decode to nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::text {

struct DecodeStream;

struct EncodeOptions {
  // Puts the ids around the text that the post-processor names (a BOS token, ...). Prompts made
  // by a chat template hold theirs already: say false there.
  bool add_special_tokens = true;
  // Whether special tokens spelled out in the text (<|im_start|>) become their ids; false for
  // text that must not be able to imitate them. Added tokens that are not special always do.
  bool parse_special = true;
  // Stops soon after there are more ids than that: a prompt beyond every context need not be
  // finished. The ids are the beginning then.
  size_t max_ids = SIZE_MAX;
};

class Tokenizer {
 public:
  // `file_name` is what errors call the text.
  static Result<Tokenizer> from_json(std::string_view json, std::string_view file_name);

  // What takes time to build of it, as bytes for a file; and the same tokenizer from those bytes,
  // which it uses where they are: they must be aligned to 64 bytes, and `owner` keeps them.
  // kCorrupt where they are torn, of another kind or of another version: from_json() serves then.
  std::string tables() const;
  static Result<Tokenizer> from_tables(Bytes tables, std::shared_ptr<const void> owner,
                                       std::string_view file_name);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Errors: text of more than 1 GiB, or that normalizing makes 64 times as long; a regular
  // expression of the tokenizer that gave up on it.
  Result<std::vector<int32_t>> encode(std::string_view text,
                                      const EncodeOptions& options = {}) const;

  // Valid UTF-8: bytes that make no character become U+FFFD. Ids that no token has are passed over.
  std::string decode(Span<const int32_t> ids, bool skip_special) const;

  // One past the largest id, added tokens included. A model's logits may have more rows.
  int32_t vocab_size() const;

  // By content as tokenizer.json spells it: "<|im_end|>"; a byte-level "Ġthe" for " the".
  std::optional<int32_t> token_to_id(std::string_view content) const;

  // What the token decodes to within a text, possibly a part of a character; empty for an id not in
  // use.
  std::string_view token_bytes(int32_t id) const;

  // Whether decoding with skip_special leaves the token out.
  bool is_special(int32_t id) const;

 private:
  friend class Detokenizer;
  struct Impl;
  void stream(int32_t id, DecodeStream& state, std::string& out) const;
  void end_stream(DecodeStream& state, std::string& out) const;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace gerbil::text
