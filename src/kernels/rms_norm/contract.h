// rms_norm: y = x * rsqrt(mean(x^2) + eps) * w, over dim of every head (Zhang and Sennrich,
// arXiv 1910.07467).
//
//   inputs   x [rows, heads, dim] f32, any strides
//   weights  w [dim] f32, or none
//   outputs  y [rows, heads, dim] f32, any strides
//
// The statistic is summed in f32; the order is the kernel's own, the same for every thread count.
//
// Leaves y quantised too where Call::int8_output asks for it (int8_rows.h).
#pragma once

namespace gerbil::kernels::rms_norm {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::rms_norm
