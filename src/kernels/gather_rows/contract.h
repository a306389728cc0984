// gather_rows: y[i] = x[Batch::wanted[first_wanted + i]] for this call's wanted rows.
//
//   inputs   x [rows, heads, dim] f32, any strides
//   outputs  y [wanted, heads, dim] f32, any strides
//
// Exact.
#pragma once

namespace gerbil::kernels::gather_rows {

inline constexpr double kTolerance = 0;

}  // namespace gerbil::kernels::gather_rows
