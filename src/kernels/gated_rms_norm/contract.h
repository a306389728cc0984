// gated_rms_norm: rms_norm(x) * silu(z), the output norm of Gated DeltaNet.
//
//   inputs   x, z [rows, heads, dim] f32, any strides
//   weights  w [dim] f32, or none
//   outputs  y [rows, heads, dim] f32, any strides
//
// Means rms_norm of x, silu of z, then mul.
//
// Leaves y quantised too where Call::int8_output asks for it (int8_rows.h).
#pragma once

namespace gerbil::kernels::gated_rms_norm {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::gated_rms_norm
