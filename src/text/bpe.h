// Byte-level byte-pair encoding: one word's bytes to token ids by applying merges, the lowest rank
// first, of equal ranks the leftmost.
//
// Immutable after it is built: any number of threads may encode, each with a BpeScratch of its own.
// A word of n bytes costs O(n log n): short words scan for the best merge, long ones keep a heap
// over a linked list. The ids do not depend on which.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer_vocabulary.h"

namespace gerbil::text {

// (left id, right id) -> (rank, id of the joined token), open addressing.
class MergeTable {
 public:
  struct Entry {
    uint64_t key = kEmpty;
    uint32_t rank = 0;
    int32_t joined = -1;
  };

  void reserve(size_t merges);
  // A pair that is there already takes the new rank, as in the Hugging Face library.
  void insert(int32_t left, int32_t right, uint32_t rank, int32_t joined);
  // nullptr where the pair does not merge.
  const Entry* find(int32_t left, int32_t right) const;
  size_t size() const { return used_; }

 private:
  static constexpr uint64_t kEmpty = UINT64_MAX;
  static uint64_t key_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  size_t place_of(uint64_t key) const;

  std::vector<Entry> entries_;  // a power of two, at most two thirds full
  size_t used_ = 0;
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
  uint64_t steps = 0;
};

// What tokenizer.json says of the model beyond vocabulary and merges.
struct BpeOptions {
  int32_t unknown_id = -1;     // token for a byte that no token stands for; -1: such bytes vanish
  bool fuse_unknown = false;   // a run of such bytes gives one token
  bool ignore_merges = false;  // a word that is a token is that token, whatever the merges say
};

class Bpe {
 public:
  Bpe() = default;
  Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options);

  // Appends the ids of `word`. `vocabulary` is the one the Bpe was built from.
  void encode(const Vocabulary& vocabulary, std::string_view word, BpeScratch& scratch,
              std::vector<int32_t>& out) const;

 private:
  void first_symbols(std::string_view word, std::vector<int32_t>& ids) const;
  void merge_short(BpeScratch& scratch) const;
  void merge_long(BpeScratch& scratch) const;

  MergeTable merges_;
  BpeOptions options_;
  std::vector<int32_t> byte_ids_ = std::vector<int32_t>(256, -1);
};

}  // namespace gerbil::text
