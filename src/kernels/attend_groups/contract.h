// attend_groups: attention within each of Batch::groups, everywhere to everywhere. For row i of a
// group and head h, j over the rows of the same group,
//
//   o = sum_j p_j v_j,  p = softmax_j(scale * q . k_j)
//
//   inputs   q, k, v [patches, heads, d] f32, any strides
//   outputs  o [patches, heads, d] f32, any strides
//
// All in f32. A row's result does not depend on the other groups of the step. Work memory grows
// with the number of rows, never with its square.
#pragma once

namespace gerbil::kernels::attend_groups {

inline constexpr double kTolerance = 1e-5;

}  // namespace gerbil::kernels::attend_groups
