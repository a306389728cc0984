// scale_rows: y[r, h, i] = x[r, h, i] * s[r].
//
//   inputs   x [rows, heads, dim] f32, any strides; s [rows, 1, 1] f32
//   outputs  y [rows, heads, dim] f32, any strides
#pragma once

namespace gerbil::kernels::scale_rows {

inline constexpr double kTolerance = 0;

}  // namespace gerbil::kernels::scale_rows
