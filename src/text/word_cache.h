// WordCache: the ids of words met before. Words repeat: most of a text is found here.
//
// Direct-mapped: a word takes the slot of its hash and drops the one there, so that memory is fixed
// (2 MiB) and nothing is ever cleared. Long words, and those of many ids, are not kept. One thread;
// one tokenizer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/span.h"
#include "text/byte_hash.h"

namespace gerbil::text {

class WordCache {
 public:
  static constexpr size_t kMaxBytes = 26;
  static constexpr size_t kMaxIds = 8;

  WordCache() : slots_(kSlots) {}

  struct Slot {
    uint32_t hash = 0;
    uint8_t size = 0;  // 0: free
    uint8_t count = 0;
    char word[kMaxBytes];
    int32_t ids[kMaxIds];
  };
  static_assert(sizeof(Slot) == 64);

  // The slot of `word` (1 to kMaxBytes bytes), holding it or not.
  Slot& slot_of(std::string_view word, uint32_t& hash) {
    const uint64_t full = byte_hash(word);
    hash = static_cast<uint32_t>(full >> 32);
    return slots_[full & (kSlots - 1)];
  }
  static bool holds(const Slot& slot, std::string_view word, uint32_t hash) {
    return slot.hash == hash && slot.size == word.size() &&
           std::memcmp(slot.word, word.data(), word.size()) == 0;
  }
  static void keep(Slot& slot, std::string_view word, uint32_t hash, Span<const int32_t> ids) {
    if (ids.size() > kMaxIds) return;
    slot.hash = hash;
    slot.size = static_cast<uint8_t>(word.size());
    slot.count = static_cast<uint8_t>(ids.size());
    std::memcpy(slot.word, word.data(), word.size());
    for (size_t i = 0; i < ids.size(); ++i) slot.ids[i] = ids[i];
  }

 private:
  static constexpr size_t kSlots = size_t{1} << 15;
  std::vector<Slot> slots_;
};

}  // namespace gerbil::text
