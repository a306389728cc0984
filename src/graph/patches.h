// Where the patches of a group lie (batch.h), and how a learned table is stretched over them: what
// a backend fills an encoder's inputs with. Pure functions.
//
// Source: the vision tower of Qwen3-VL and Qwen3.5 (transformers 5.17, vision_utils.py).
#pragma once

#include <array>
#include <cstdint>

#include "base/span.h"
#include "graph/batch.h"
#include "graph/graph.h"

namespace gerbil::graph {

struct PatchPlace {
  int32_t row = 0;
  int32_t column = 0;
};

// Of the patch with this number in its group.
PatchPlace place_of(const PatchGroup& group, int64_t merge_side, int64_t number);

inline constexpr int64_t kTableTaps = 4;

// The four entries of a table [side, side] around a patch, and their parts: the corners of the
// table meet those of the group, between them it is bilinear.
struct TableTaps {
  std::array<int32_t, kTableTaps> ids{};
  std::array<float, kTableTaps> factors{};
};
TableTaps table_taps(int64_t side, const PatchGroup& group, const PatchPlace& place);

}  // namespace gerbil::graph
