// check_op: one node against its operation's contract (op.h): operands, weights, shapes, rows and
// the state's geometry. verify() calls it with ids that are known to exist.
#pragma once

#include "base/result.h"
#include "graph/graph.h"
#include "graph/view.h"

namespace gerbil::graph {

// `views`: [ValueId], filled for the node's inputs.
Status check_op(const Graph& graph, const Node& node, const std::vector<View>& views);

}  // namespace gerbil::graph
