// linear: y[r, n] = sum_k x[r, k] W[n, k] (+ b[n]).
//
//   inputs   x [rows, heads, dim] f32, K = heads * dim, a row without gaps, any row stride
//   weights  W [N, K] f32, f16, bf16 or in tiles; perhaps b [N] f32
//   outputs  y [rows, 1, N] f32, any row stride
//
// Products and sums are f32, in an order that the kernel chooses per output: it is the same for
// every number of threads and of rows.
//
// With Call::int8_activations and W in tiles, rows of x are quantised first
// (tensor/quant/quantize.h): products and sums are exact inside a block of 32 columns, blocks are
// added in f32 (int8.h).
#pragma once

namespace gerbil::kernels::linear {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::linear
