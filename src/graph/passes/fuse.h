// fuse: replaces groups of operations by fused ones where the backend has them (Capabilities).
// Values that are tapped or used elsewhere are kept: a group fuses only if nothing outside needs
// what disappears inside.
//
//   add, rms_norm     -> add_rms_norm       rms_norm, rope    -> rms_norm_rope
//   silu, mul         -> silu_mul           sigmoid, mul      -> sigmoid_mul
//   conv1d, silu      -> conv1d{silu}       rms_norm, silu, mul -> gated_rms_norm
#pragma once

#include "graph/capabilities.h"
#include "graph/graph.h"

namespace gerbil::graph {

Graph fuse(Graph graph, const Capabilities& capabilities);

}  // namespace gerbil::graph
