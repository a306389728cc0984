// add_rms_norm: s = x + y and rms_norm(s): the residual addition before a norm, in one pass.
//
//   inputs   x, y [rows, heads, dim] f32, any strides
//   weights  w [dim] f32, or none
//   outputs  s and rms_norm(s) [rows, heads, dim] f32, any strides
//
// Means add, then rms_norm.
//
// Leaves rms_norm(s) quantised too where Call::int8_output asks for it (int8_rows.h).
#pragma once

namespace gerbil::kernels::add_rms_norm {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::add_rms_norm
