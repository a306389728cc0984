// rope: turns the pairs (i, i + n) of the first rotary_dim = 2n entries of every head by the row's
// angles; the others are copied (RoPE, arXiv 2104.09864, in the half-split order of GPT-NeoX).
//
//   y[i]     = x[i] cos[i] - x[i + n] sin[i]
//   y[i + n] = x[i + n] cos[i] + x[i] sin[i]      0 <= i < n
//
//   inputs   x [rows, heads, dim] f32, any strides; table [rows, 1, rotary_dim] f32: n cosines,
//            then n sines (graph/rope.h)
//   outputs  y [rows, heads, dim] f32, any strides
#pragma once

namespace gerbil::kernels::rope {

inline constexpr double kTolerance = 1e-6;

}  // namespace gerbil::kernels::rope
