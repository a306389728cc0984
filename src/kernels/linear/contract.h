// linear: y[r, n] = sum_k x[r, k] W[n, k] (+ b[n]).
//
//   inputs   x [rows, heads, dim] f32, K = heads * dim, a row without gaps, any row stride
//   weights  W [N, K] f32, f16 or bf16; perhaps b [N] f32
//   outputs  y [rows, 1, N] f32, any row stride
//
// Products and sums are f32, in an order that the kernel chooses per output: it is the same for
// every number of threads and of rows.
#pragma once

namespace gerbil::kernels::linear {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::linear
