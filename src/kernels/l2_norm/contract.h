// l2_norm: y = x * rsqrt(sum(x^2) + eps) * scale, over dim of every head.
//
//   inputs   x [rows, heads, dim] f32, any strides
//   outputs  y [rows, heads, dim] f32, any strides
//
// The sum is f32; its order is the kernel's own, the same for every thread count.
#pragma once

namespace gerbil::kernels::l2_norm {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::l2_norm
