#include "runtime/conversation.h"

#include <algorithm>

namespace gerbil::runtime {

int64_t Conversation::keep_common(Span<const int32_t> prompt) {
  const auto usable = prompt.first(prompt.size() - 1);
  // A failed step leaves the sequence shorter than what it was told to hold.
  tokens_.resize(std::min(tokens_.size(), static_cast<size_t>(sequence_.length())));
  const auto common = std::ranges::mismatch(tokens_, usable).in1 - tokens_.begin();
  std::erase_if(snapshots_, [&](const Sequence& snapshot) { return snapshot.length() > common; });
  if (sequence_.can_truncate(common)) {
    sequence_.truncate(common);
  } else if (const auto best = std::ranges::max_element(snapshots_, {}, &Sequence::length);
             best != snapshots_.end()) {
    sequence_ = best->fork();
  } else {
    sequence_.truncate(0);
  }
  tokens_.resize(static_cast<size_t>(sequence_.length()));
  return sequence_.length();
}

void Conversation::set_tokens(Span<const int32_t> tokens) {
  tokens_.assign(tokens.begin(), tokens.end());
}

bool Conversation::release_snapshots() {
  const bool any = !snapshots_.empty();
  snapshots_.clear();
  return any;
}

bool Conversation::release_all() {
  const bool any = release_snapshots() || sequence_.length() > 0;
  sequence_.truncate(0);
  tokens_.clear();
  return any;
}

void Conversation::add_snapshot(Sequence snapshot) {
  std::erase_if(snapshots_,
                [&](const Sequence& other) { return other.length() == snapshot.length(); });
  if (snapshots_.size() == size_t{kSnapshots}) snapshots_.erase(snapshots_.begin());
  snapshots_.push_back(std::move(snapshot));
}

}  // namespace gerbil::runtime
