// Vocabulary: token ids and the bytes they stand for, both ways.
//
// The bytes of all tokens lie in one arena; an open-addressing table leads from bytes to id. Of a
// byte-level tokenizer the bytes are decoded when it is loaded ("Ġthe" is kept as " the"), so that
// encoding and decoding copy bytes and map nothing. A token whose content is not made of the byte
// alphabet keeps its UTF-8 and is marked `literal`: decoding gives it as it is, and the two kinds
// never meet in a look-up. Built once, then immutable: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gerbil::text {

class Vocabulary {
 public:
  // Larger ids are refused: they would only make tables large. Real vocabularies end at 2^18.
  static constexpr int32_t kMaxTokens = 1 << 22;

  // Space for this many tokens and bytes, to be added without growing.
  void reserve(size_t tokens, size_t bytes);

  // Errors name the tokens, without a file: an id out of range or taken, a content that is there.
  // `model` tokens are those of the BPE model itself, others were added beside it.
  Status add(int64_t id, std::string_view content, bool model);

  // One past the largest id.
  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }
  bool has(int32_t id) const { return id >= 0 && id < size() && tokens_[id].present; }
  // What the token decodes to; empty for an id that is not in use.
  std::string_view bytes(int32_t id) const {
    return has(id) ? std::string_view(arena_).substr(tokens_[id].begin, tokens_[id].size)
                   : std::string_view{};
  }
  bool in_model(int32_t id) const { return has(id) && tokens_[id].model; }

  // By content as tokenizer.json spells it ("Ġthe", "<|im_end|>"); -1 where there is none.
  int32_t find_content(std::string_view content) const;
  // By decoded bytes, among the tokens that are not literal.
  int32_t find_bytes(std::string_view bytes) const { return find(bytes, false); }

 private:
  struct Token {
    uint32_t begin = 0;
    uint32_t size = 0;
    bool present = false;
    bool literal = false;
    bool model = false;
  };
  struct Slot {
    uint32_t hash = 0;
    int32_t id = -1;
  };

  int32_t find(std::string_view bytes, bool literal) const;
  void insert(uint32_t hash, int32_t id);
  void grow(size_t slots);

  std::string arena_;
  std::vector<Token> tokens_;  // by id
  std::vector<Slot> slots_;    // a power of two, at most two thirds full
  size_t used_ = 0;
};

}  // namespace gerbil::text
