// merge_rows: row i of y is rows [i count, (i + 1) count) of x, one after another.
//
//   inputs   x [count * rows, 1, dim] f32, any strides
//   outputs  y [rows, 1, count * dim] f32, any strides
//
// Exact.
#pragma once

namespace gerbil::kernels::merge_rows {

inline constexpr double kTolerance = 0;

}  // namespace gerbil::kernels::merge_rows
