// verify: proves that a graph keeps its promises: every operand exists and is computed before it is
// used, shapes, row dimensions, weights and states fit each operation's contract (op.h), each value
// has one producer, each state one writer. Run after building and after every pass; an error here
// is a bug in the builder or a pass, and names the node.
//
// The nodes behind gather_rows come last: a backend runs them again for each piece of the wanted
// rows, so nothing over other rows may follow or depend on them.
#pragma once

#include "base/result.h"
#include "graph/graph.h"

namespace gerbil::graph {

// Widest row: keeps all sizes far from overflow.
inline constexpr int64_t kMaxWidth = int64_t{1} << 28;
// Largest weight, and largest state of a sequence and layer, likewise. Whoever reads sizes from a
// file keeps below both: here it would be a bug.
inline constexpr uint64_t kMaxElements = uint64_t{1} << 40;

Status verify(const Graph& graph);

}  // namespace gerbil::graph
