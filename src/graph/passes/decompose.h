// decompose: every fused operation written out in the others: its meaning, and its oracle in tests.
// decompose(fuse(g)) computes what g computes. Values are numbered anew (passes/dead.h).
#pragma once

#include "graph/graph.h"

namespace gerbil::graph {

Graph decompose(Graph graph);

}  // namespace gerbil::graph
