// fuse: replaces groups of operations by fused ones where the backend has them (Capabilities).
// Values that are tapped or used elsewhere are kept: a group fuses only if nothing outside needs
// what disappears inside. Dead nodes go, values are numbered anew (passes/dead.h).
//
//   rms_norm, silu, mul -> gated_rms_norm
//   silu, mul           -> silu_mul         sigmoid, mul   -> sigmoid_mul
//   conv1d, silu        -> conv1d{silu}     rms_norm, rope -> rms_norm_rope
//   add, rms_norm       -> add_rms_norm (the sum is an output: it may be used elsewhere)
//
// An earlier line wins; a rms_norm without a weight stays as it is.
#pragma once

#include "graph/capabilities.h"
#include "graph/graph.h"

namespace gerbil::graph {

Graph fuse(Graph graph, const Capabilities& capabilities);

}  // namespace gerbil::graph
