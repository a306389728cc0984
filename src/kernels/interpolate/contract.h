// interpolate: y = sum over i of factors[i] * table[ids[i]]: four entries of a learned table around
// a patch's place (graph/patches.h).
//
//   inputs   ids [patches, 1, 4] i32, all of the table; factors [patches, 1, 4] f32
//   weights  table [entries, dim] f32
//   outputs  y [patches, 1, dim] f32, any strides
//
// In f32, i ascending.
#pragma once

namespace gerbil::kernels::interpolate {

inline constexpr double kTolerance = 1e-6;

}  // namespace gerbil::kernels::interpolate
