// add: y = a + b, element by element.
//
//   inputs   a, b [rows, heads, dim] f32, equal shapes, any strides
//   outputs  y [rows, heads, dim] f32, any strides
//
// Exact: one rounding.
#pragma once

namespace gerbil::kernels::add {

inline constexpr double kTolerance = 0;

}  // namespace gerbil::kernels::add
