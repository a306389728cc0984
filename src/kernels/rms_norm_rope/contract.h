// rms_norm_rope: rms_norm of every head, then rope: what queries and keys go through.
//
//   inputs   x [rows, heads, dim] f32, any strides; table [rows, 1, rotary_dim] f32 (see rope)
//   weights  w [dim] f32, or none
//   outputs  y [rows, heads, dim] f32, any strides
//
// Means rms_norm, then rope.
#pragma once

namespace gerbil::kernels::rms_norm_rope {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::rms_norm_rope
