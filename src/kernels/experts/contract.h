// experts: y[r, n] = sum over s of w[r, s] * sum over i of h[i] D[e, n, i], where e = ids[r, s] and
// h[i] = silu(sum over k of G[e, i, k] x[r, k]) * sum over k of G[e, I + i, k] x[r, k].
//
//   inputs   x [rows, 1, K] f32, any row stride; ids [rows, 1, top_k] i32, each below E; w [rows,
//   1,
//            top_k] f32
//   weights  G [E, 2 I, K] and D [E, N, I], f32, f16, bf16 or in tiles: gate (the first I rows) and
//            up, down; G in tiles only where I is a multiple of 16
//   outputs  y [rows, 1, N] f32, any row stride
//
// Products and sums are f32, in an order that the kernel chooses per number: it is the same for
// every number of threads and of rows. The sum over s runs in ascending order.
//
// With Call::int8_activations and weights in tiles, x and h are quantised as for linear.
#pragma once

namespace gerbil::kernels::experts {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::experts
