// verify: proves that a graph keeps its promises: every operand exists and is computed before it is
// used, shapes, row dimensions, weights and states fit each operation's contract (op.h), each value
// has one producer. Run after building and after every pass; an error here is a bug in the builder
// or a pass, and names the node.
#pragma once

#include "base/result.h"
#include "graph/graph.h"

namespace gerbil::graph {

Status verify(const Graph& graph);

}  // namespace gerbil::graph
