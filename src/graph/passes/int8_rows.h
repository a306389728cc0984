// find_int8_rows: where a product may find its input as int8 codes beside the f32 rows, because the
// node that computes it can leave it so (norm + quantise and the like in one pass). It says where
// that may be done; whether it is depends on the weights' form, which a graph does not know.
#pragma once

#include <vector>

#include "graph/capabilities.h"
#include "graph/graph.h"

namespace gerbil::graph {

// [ValueId] for a verified graph: the value whose codes serve a product that reads this one
// (itself, or what it is a view of); -1: none do. `writers`: operations that can leave their last
// output so.
std::vector<ValueId> find_int8_rows(const Graph& graph, const Capabilities& writers);

}  // namespace gerbil::graph
