// gelu: y = x * Phi(x), element by element, Phi the standard normal distribution's (Hendrycks and
// Gimpel, arXiv 1606.08415):
//
//   exact  Phi(x) = erfc(-x / sqrt(2)) / 2
//   tanh   Phi(x) ~ (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
//
//   inputs   x [rows, heads, dim] f32, equal shapes, any strides
//   outputs  y [rows, heads, dim] f32, any strides
//
// Finite for every finite x. The two forms differ by up to 5e-4: which one a model was trained with
// matters.
#pragma once

namespace gerbil::kernels::gelu {

inline constexpr double kTolerance = 2e-6;

}  // namespace gerbil::kernels::gelu
