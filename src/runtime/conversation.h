// Conversation: a sequence that is used again: the next prompt keeps what it has in common with the
// tokens that are already there. Recurrent and windowed states cannot go back freely; for them a
// few snapshots are kept.
//
// Belongs to the driver thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/span.h"
#include "runtime/sequence.h"

namespace gerbil::runtime {

class Conversation {
 public:
  static constexpr int32_t kSnapshots = 3;
  // Slots that one conversation may hold at once: its snapshots, its own, and those that a step
  // writes (after the two places of a prompt that are kept, and after its last row).
  static constexpr int32_t kSlots = kSnapshots + 1 + 3;

  explicit Conversation(StateManager& states) : sequence_(states.make_sequence()) {}

  Sequence& sequence() { return sequence_; }

  bool busy = false;  // generates now

  // Makes the sequence hold as long a beginning of `prompt` as can be kept, always short of its
  // last token (whose logits are wanted); the length it has then. `tokens` of the sequence are
  // forgotten behind it.
  int64_t keep_common(Span<const int32_t> prompt);

  // The tokens that the sequence holds now, after a generation.
  void set_tokens(Span<const int32_t> tokens);

  // Give memory back: the places to come back to; all that the conversation holds. True where there
  // was something. release_all only while nobody generates.
  bool release_snapshots();
  bool release_all();

  // A place to come back to; the oldest goes when there are too many.
  void add_snapshot(Sequence snapshot);

 private:
  Sequence sequence_;
  std::vector<int32_t> tokens_;  // [sequence_.length()]
  std::vector<Sequence> snapshots_;
};

}  // namespace gerbil::runtime
