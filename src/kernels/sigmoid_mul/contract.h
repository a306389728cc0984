// sigmoid_mul: y = a * sigmoid(b), element by element.
//
//   inputs   a, b [rows, heads, dim] f32, equal shapes, any strides
//   outputs  y [rows, heads, dim] f32, any strides
//
// Means sigmoid of b, then mul. Finite wherever the product is.
//
// Leaves y quantised too where Call::int8_output asks for it (int8_rows.h).
#pragma once

namespace gerbil::kernels::sigmoid_mul {

inline constexpr double kTolerance = 1e-6;

}  // namespace gerbil::kernels::sigmoid_mul
