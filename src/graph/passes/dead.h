// drop_dead: removes the nodes that nothing needs, then the values, inputs, weights and rope specs
// that no node uses, and numbers what remains in execution order.
//
// Needed are taps, samples, nodes with a state, and what these are computed from. States stay as
// they are: their numbers are the runtime's. fuse() and decompose() end with it.
#pragma once

#include "graph/graph.h"

namespace gerbil::graph {

Graph drop_dead(Graph graph);

}  // namespace gerbil::graph
