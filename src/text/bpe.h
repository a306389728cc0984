// Byte-pair encoding: one word to token ids by applying merges, the lowest rank first, of equal
// ranks the leftmost.
//
// The symbols a word starts from are bytes (byte-level models) or characters, where a character
// that is no token becomes its bytes' tokens (byte fallback) or the unknown token. Immutable after
// it is built: any number of threads may encode, each with a BpeScratch of its own. A word of n
// bytes costs O(n log n): short ones scan for the best merge, long ones keep a heap over a linked
// list. Models without words (all of a text is one) are cut where no merge can reach across
// ("seams"), and each piece is a word. The ids do not depend on any of that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/table.h"
#include "text/tokenizer_vocabulary.h"
#include "text/word_cache.h"

namespace gerbil::text {

// (left id, right id) -> (rank, id of the joined token), open addressing.
class MergeTable {
  static constexpr uint64_t kEmpty = UINT64_MAX;

 public:
  struct Entry {
    uint64_t key = kEmpty;
    uint32_t rank = 0;
    int32_t joined = -1;
  };

  void reserve(size_t merges);
  // A pair that is there already takes the new rank, as in the Hugging Face library. False where
  // the pairs so far were made to collide.
  bool insert(int32_t left, int32_t right, uint32_t rank, int32_t joined);
  // nullptr where the pair does not merge.
  const Entry* find(int32_t left, int32_t right) const {
    if (entries_.empty()) return nullptr;
    const uint64_t key = key_of(left, right);
    for (size_t i = slot_of(key);; i = (i + 1) & (entries_.size() - 1)) {
      const Entry& entry = entries_[i];
      if (entry.key == key) return &entry;
      if (entry.key == kEmpty) return nullptr;
    }
  }
  void fetch(int32_t left, int32_t right) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[slot_of(key_of(left, right))]);
  }
  size_t size() const { return used_; }

  void put(TableWriter& to) const { to.put(entries_.view()); }
  // What put() wrote, of a vocabulary of so many tokens; nothing: the table is not of one.
  static std::optional<MergeTable> take(TableReader& from, int32_t tokens);

 private:
  static uint64_t key_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  size_t slot_of(uint64_t key) const {
    const uint64_t hash = (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
    return static_cast<size_t>(hash >> 32) & (entries_.size() - 1);
  }

  Table<Entry> entries_;  // a power of two, at most two thirds full
  size_t used_ = 0;
};

// Which pairs of neighbouring characters some merge may join. Where one cannot, a text may be cut.
class Seams {
 public:
  // The contents of the tokens that a merge joins.
  void add(std::string_view left, std::string_view right);
  // True for all that add() saw, and a few others.
  bool may_join(char32_t left, char32_t right) const {
    const size_t bit = bit_of(left, right);
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  bool usable() const { return usable_ && !bits_.empty(); }

  void put(TableWriter& to) const;
  // What put() wrote; nothing: the table is not one of seams.
  static std::optional<Seams> take(TableReader& from);

 private:
  static constexpr size_t kAscii = 128 * 128;  // a bit for each pair; others are hashed
  static constexpr int kHashBits = 21;
  static constexpr size_t kWords = (kAscii + (size_t{1} << kHashBits)) / 64;
  static size_t bit_of(char32_t left, char32_t right) {
    if ((left | right) < 128) return left * 128 + right;
    const uint64_t hash = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
    return kAscii + static_cast<size_t>(hash >> (64 - kHashBits));
  }

  Table<uint64_t> bits_;
  bool usable_ = true;  // no merge of tokens whose content is not their text
};

// Working memory of encode(), reused from word to word. `steps` counts the candidate merges looked
// at, for tests of the running time.
struct BpeScratch {
  struct Symbol {
    int32_t id = 0;
    int32_t previous = -1;
    int32_t next = -1;
    bool alive = true;
  };
  struct Candidate {
    uint32_t rank = 0;
    int32_t position = 0;  // of the left symbol
    int32_t left = 0;      // the ids it was made for: a candidate whose symbols changed is dropped
    int32_t right = 0;
    int32_t joined = 0;
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> heap;
  std::vector<int32_t> ids;
  std::vector<const MergeTable::Entry*> pairs;
  std::string content;
  WordCache cache;
  uint64_t steps = 0;
};

// What tokenizer.json says of the model beyond vocabulary and merges.
struct BpeOptions {
  bool byte_symbols = false;   // words are bytes, tokens are spelled in the byte alphabet
  bool byte_fallback = false;  // a character that is no token: <0xE2> <0x82> ... if all are tokens
  int32_t unknown_id = -1;     // token for what no token stands for; -1: it vanishes
  bool fuse_unknown = false;   // a run of such gives one token
  bool ignore_merges = false;  // a word that is a token is that token, whatever the merges say
};

class Bpe {
 public:
  Bpe() = default;
  Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options, Seams seams = {});

  // Appends the ids of `word`. `vocabulary` is the one the Bpe was built from. A scratch is of use
  // to one Bpe only.
  void encode(const Vocabulary& vocabulary, std::string_view word, BpeScratch& scratch,
              std::vector<int32_t>& out) const;

  const MergeTable& merges() const { return merges_; }
  const Seams& seams() const { return seams_; }

 private:
  void encode_piece(const Vocabulary& vocabulary, std::string_view piece, BpeScratch& scratch,
                    std::vector<int32_t>& out) const;
  void encode_afresh(const Vocabulary& vocabulary, std::string_view piece, BpeScratch& scratch,
                     std::vector<int32_t>& out) const;
  void byte_symbols(std::string_view word, std::vector<int32_t>& ids) const;
  void character_symbols(const Vocabulary& vocabulary, std::string_view word,
                         std::vector<int32_t>& ids) const;
  void merge_short(BpeScratch& scratch) const;
  void merge_long(BpeScratch& scratch) const;

  MergeTable merges_;
  BpeOptions options_;
  // byte_symbols: the token of a byte; else of its fallback <0x..>.
  std::array<int32_t, 256> byte_ids_;
  std::array<int32_t, 128> ascii_ids_;  // the token of an ASCII character
  Seams seams_;
  bool use_seams_ = false;
};

}  // namespace gerbil::text
