// delta_rule: the gated delta rule's recurrence (Gated DeltaNet, arXiv 2412.06464).
//
//   inputs   q, k [rows, k_heads, dk], v [rows, v_heads, dv], g, beta [rows, 1, v_heads]; f32, any
//            strides; g <= 0
//   state    [v_heads, dk, dv] f32
//   outputs  o [rows, v_heads, dv] f32, any strides
//
// Per run and value head h, with key head h / (v_heads / k_heads), S [dk, dv] from Run::state_in
// (kZeroState: zeros), row by row:
//
//   S <- e^g S;  delta = beta (v - S^T k);  S <- S + k delta^T;  o = S^T q
//
// The state after row r is stored in the slot of every StateWrite {r, slot}. A slot may be the
// run's own state_in; no run writes a slot that another run of the step reads or writes.
//
// The norm behind this operation amplifies small errors of o up to a thousandfold: everything is
// f32, and only differences of the log decays are exponentiated.
#pragma once

namespace gerbil::kernels::delta_rule {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::delta_rule
