// Vocabulary: token ids and how tokenizer.json spells them, both ways.
//
// The contents of all tokens lie in one arena; an open-addressing table leads from content to id.
// What a token decodes to is the decoder's (tokenizer_decoder.h). Built once, then immutable: any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/table.h"
#include "text/table_file.h"

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
  bool in_model(int32_t id) const { return has(id) && tokens_[id].model; }
  // Empty for an id that is not in use.
  std::string_view content(int32_t id) const {
    return has(id) ? text(tokens_[id].begin, tokens_[id].size) : std::string_view{};
  }

  // By content ("Ġthe", "▁the", "<|im_end|>"); -1 where there is none.
  int32_t find(std::string_view content) const;
  // ... among the tokens of the model.
  int32_t find_in_model(std::string_view content) const {
    const int32_t id = find(content);
    return in_model(id) ? id : -1;
  }

  // Many look-ups at once wait for memory together: hash all, fetch_slot() all, fetch_content()
  // all, then find() each with its hash.
  static uint32_t hash_of(std::string_view content);
  void fetch_slot(uint32_t hash) const;
  void fetch_content(uint32_t hash) const;
  int32_t find(std::string_view content, uint32_t hash) const;

  void put(TableWriter& to) const;
  // What put() wrote; nothing can be added. Nothing: the tables are not a vocabulary's.
  static std::optional<Vocabulary> take(TableReader& from);

 private:
  struct Token {
    uint32_t begin = 0;
    uint32_t size : 30 = 0;
    uint32_t present : 1 = 0;
    uint32_t model : 1 = 0;
  };
  // Holds where the content is, too: a look-up then waits for memory twice, not three times.
  struct Slot {
    uint32_t hash = 0;
    int32_t id = -1;
    uint32_t begin = 0;
    uint32_t size = 0;
  };

  size_t insert(const Slot& slot);  // how many slots it passed
  void grow(size_t slots);
  std::string_view text(uint32_t begin, uint32_t size) const {
    return {arena_.data() + begin, size};
  }

  Table<char> arena_;
  Table<Token> tokens_;  // by id
  Table<Slot> slots_;    // a power of two, at most two thirds full
  size_t used_ = 0;
};

}  // namespace gerbil::text
