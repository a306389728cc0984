// delta_gate: step sizes of the gated delta rule (Gated DeltaNet, arXiv 2412.06464).
//
//   inputs   a, b [rows, 1, heads] f32
//   weights  a_log, dt_bias [heads] f32
//   outputs  g, beta [rows, 1, heads] f32
//
//   g = -exp(a_log) * softplus(a + dt_bias);  beta = sigmoid(b)
//   softplus(x) = log1p(exp(x)), and x itself above 20
#pragma once

namespace gerbil::kernels::delta_gate {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::delta_gate
