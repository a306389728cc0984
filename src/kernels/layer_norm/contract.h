// layer_norm: y = (x - mean(x)) * rsqrt(var(x) + eps) * w + b, over dim of every head (Ba, Kiros
// and Hinton, arXiv 1607.06450); var is the mean of the squared differences from the mean.
//
//   inputs   x [rows, heads, dim] f32, any strides
//   weights  w [dim], b [dim] f32
//   outputs  y [rows, heads, dim] f32, any strides
//
// Both statistics are summed in f32, the differences after the mean is known; the order is the
// kernel's own, the same for every thread count.
#pragma once

namespace gerbil::kernels::layer_norm {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::layer_norm
