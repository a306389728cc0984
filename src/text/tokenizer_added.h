// Finds a tokenizer's added tokens (<|im_start|>, <think>, ...) in text, as the Hugging Face
// library does: leftmost, of those that begin together the longest; then single_word, lstrip and
// rstrip. Immutable: any thread. Texts are valid UTF-8. Linear in the text, times the length of the
// longest token that the text keeps almost spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

class AddedTokens {
 public:
  // A stretch of text: an added token, or (id -1) what lies between two.
  struct Section {
    size_t begin = 0;
    size_t end = 0;
    int32_t id = -1;
  };

  AddedTokens() = default;
  // `patterns[i]` is what to look for to find `tokens[i]`.
  AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& patterns);

  bool empty() const { return trie_.empty(); }

  // Appends the sections of `text`, which they cover but for nothing where it is empty. Without
  // `parse_special` special tokens are text.
  void split(std::string_view text, bool parse_special, std::vector<Section>& out) const;

 private:
  struct Found {
    int32_t token = -1;  // index
    size_t end = 0;
  };
  Found longest_at(std::string_view text, size_t offset) const;

  std::vector<AddedToken> tokens_;
  ByteTrie trie_;
};

}  // namespace gerbil::text
