// silu: y = x * sigmoid(x) = x / (1 + exp(-x)), element by element.
//
//   inputs   x [rows, heads, dim] f32, equal shapes, any strides
//   outputs  y [rows, heads, dim] f32, any strides
//
// Finite for every finite x.
#pragma once

namespace gerbil::kernels::silu {

inline constexpr double kTolerance = 1e-6;

}  // namespace gerbil::kernels::silu
