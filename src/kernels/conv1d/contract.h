// conv1d: depthwise causal convolution over the rows of a run.
//
//   inputs   x [rows, heads, dim] f32, any strides; channels = heads * dim
//   weights  w [channels, kernel] f32
//   state    [channels, kernel] f32: the last `kernel` inputs, oldest first, of which the oldest is
//            never read
//   outputs  y like x
//
//   y_t[c] = sum_j w[c, j] x_{t - kernel + 1 + j}[c], j ascending; then silu if the attribute says
//   so
//
// x before the run's first row comes from Run::state_in (kZeroState: zeros). The state after row r
// is stored in the slot of every StateWrite {r, slot}. A slot may be the run's own state_in;
// no run writes a slot that another run of the step reads or writes.
#pragma once

namespace gerbil::kernels::conv1d {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::conv1d
