// StopMatcher: ends a stream of text at the first stop string, wherever its pieces are cut.
//
// The stop string that is complete first wins; of several that are complete at the same byte the
// longest does. The text from its start on is not given. Until then exactly the longest ending of
// the text that could still become a stop string is held back. Pieces must be whole characters (as
// the Detokenizer gives them), and so is what comes out. Time is linear in the text (Aho-Corasick).
// One stream, one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/byte_trie.h"

namespace gerbil::text {

class StopMatcher {
 public:
  struct Step {
    std::string text;      // to be shown: no part of it belongs to a stop string
    bool stopped = false;  // a stop string was found: what follows is ignored
  };

  // No stop string: everything passes. Errors: an empty one, one that is not UTF-8, more than
  // 64 KiB in all.
  static Result<StopMatcher> create(Span<const std::string> stops);

  Step push(std::string_view text);

  // At the end of the stream: what was held back.
  std::string flush();

  bool stopped() const { return stopped_index_ >= 0; }
  // Index into `stops` of the one that was found, or -1.
  int32_t stopped_index() const { return stopped_index_; }
  // Bytes held back now.
  size_t held_bytes() const { return held_.size(); }

 private:
  // For each node of the trie: the node of its longest proper ending that is in the trie, its
  // depth, and the longest stop string that ends there (index, or -1).
  struct Link {
    int32_t fallback = 0;
    int32_t depth = 0;
    int32_t stop = -1;
  };

  int32_t next(int32_t node, uint8_t byte) const;

  std::vector<size_t> stop_sizes_;
  ByteTrie trie_;
  std::vector<Link> links_;
  int32_t node_ = ByteTrie::kRoot;
  std::string held_;  // the path from the root to node_
  int32_t stopped_index_ = -1;
};

}  // namespace gerbil::text
