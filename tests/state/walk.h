// A random walk over the runtime's states with a model's real numbers: appends, drafts of which a
// part is accepted, forks, rewinds, snapshots (inside a step too), restores, drops and failed
// steps, several sequences in every ragged step. What a sequence answers must be what a fresh run
// of its surviving tokens answers; see walk.cc for when that is asked.
#pragma once

#include <cstdint>
#include <string>

#include "state/world.h"

namespace gerbil::testing {

// Mistakes that a walk can make on purpose, to show that it would notice.
enum class Fault : uint8_t {
  kNone,
  kCopySkipped,        // the page that a fork writes to was not filled from the shared one
  kSharedPageWritten,  // no copy on write: the fork writes where others read
  kStateFromZero,      // a run begins with no recurrent state
  kStateOfAnother,     // a run reads another run's slot
  kWriteInWrongSlot,   // states after the drafted rows change places
  kWindowTooNarrow,    // pages are given back too early
};

// "" or what went wrong.
std::string random_walk(World& world, uint32_t seed, Fault fault = Fault::kNone);

}  // namespace gerbil::testing
