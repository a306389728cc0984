// route: p[r, e] = exp(l[r, e] - max) / sum over all e of the same; ids[r, :] = the top_k experts
// of the largest logits, the largest first, equal ones in ascending order; w[r, s] = p[r, ids[r,
// s]], and where the operation normalises, divided by the sum of the row's w.
//
//   inputs   logits [rows, 1, experts] f32, any row stride
//   outputs  ids [rows, 1, top_k] i32, distinct, each below `experts`; w [rows, 1, top_k] f32
//
// The choice is made on logits, not on probabilities: these lose the order of small ones to
// rounding. A logit that is no number is the smallest; its row's weights are none either, its ids
// are valid all the same.
#pragma once

namespace gerbil::kernels::route {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::route
