// What the cases of operations with recurrent states share: batches of runs in slots.
#pragma once

#include "kernels/testing/case.h"

namespace gerbil::kernels::testing {

// A batch whose runs come from and go to slots in every way that the contracts allow. It needs
// kMixedSlots slots.
inline constexpr int32_t kMixedSlots = 13;
inline constexpr int64_t kMixedRows = 1 + 5 + 3 + 70 + 2 + 4;
inline std::vector<RunSpec> mixed_runs() {
  return {
      {.count = 1, .state_in = 3, .writes = {{0, 3}}},  // the ordinary decode step
      {.count = 5, .state_in = 0, .writes = {{1, 0}, {2, 7}, {3, 8}, {4, 9}, {5, 10}}},  // drafts
      {.count = 3, .writes = {{8, 1}}},  // a new sequence
      {.count = 70, .state_in = 5, .writes = {{40, 6}, {72, 11}, {78, 12}, {78, 5}}},  // snapshots
      {.count = 2, .state_in = 2},        // only looked at
      {.count = 4, .writes = {{81, 4}}},  // goes on behind its last write
  };
}

// `elements` of state somewhere in slots that hold other states too.
inline SlotSpec slots_of(int64_t elements, int32_t slots) {
  return {.elements = elements, .offset = 3, .slot_elements = elements + 8, .slots = slots};
}

// One run of all rows, from slot 0 into slot 0 unless it is new.
inline std::vector<RunSpec> one_run(int64_t rows, bool fresh = false) {
  if (rows == 0) return {};
  const auto count = static_cast<int32_t>(rows);
  return {{.count = count, .state_in = fresh ? graph::kZeroState : 0, .writes = {{count - 1, 0}}}};
}

}  // namespace gerbil::kernels::testing
