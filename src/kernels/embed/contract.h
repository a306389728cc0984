// embed: y[r] = table[id[r]]; a row whose id is graph::kSoft is copied from Batch::soft instead.
//
//   inputs   id [rows] i32: 0 <= id < vocab, or kSoft
//   weights  table [vocab, dim] f32, f16, bf16 or in tiles
//   outputs  y [rows, 1, dim] f32, any row stride
//
// Exact. Every kSoft row has its entry in Batch::soft, which is ascending by row and holds dim
// floats each.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "kernels/kernel.h"

namespace gerbil::kernels::embed {

inline constexpr double kTolerance = 0;

// The given embedding of row `row`.
inline const float* soft_row(const graph::Batch& batch, int64_t row) {
  const auto found =
      std::lower_bound(batch.soft.begin(), batch.soft.end(), row,
                       [](const graph::SoftRow& soft, int64_t at) { return soft.row < at; });
  GERBIL_ASSERT(found != batch.soft.end() && found->row == row);
  return found->values;
}

}  // namespace gerbil::kernels::embed
