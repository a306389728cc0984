// TokenHistory: the ids of one sequence as penalties want them: each once, with how often the
// answer drew it. Belongs to the driver thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/span.h"
#include "graph/batch.h"

namespace gerbil::runtime {

class TokenHistory {
 public:
  void add_prompt(Span<const int32_t> ids) {
    for (int32_t id : ids) entry(id);
  }
  void add_drawn(int32_t id) { ++entry(id).drawn; }

  // In the order of first appearance; valid until the next call that adds.
  Span<const graph::SeenToken> seen() const { return seen_; }

 private:
  graph::SeenToken& entry(int32_t id) {
    const auto [place, is_new] = places_.try_emplace(id, seen_.size());
    if (is_new) seen_.push_back({.id = id});
    return seen_[place->second];
  }

  std::vector<graph::SeenToken> seen_;
  std::unordered_map<int32_t, size_t> places_;
};

}  // namespace gerbil::runtime
