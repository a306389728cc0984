// print: a graph as stable text, one line a node, for people and for tests:
//   %7 [R, 4, 32] = rope(%5, %rope0) rotary_dim=32  // layers.0.attention
#pragma once

#include <string>

#include "graph/graph.h"

namespace gerbil::graph {

std::string print(const Graph& graph);

}  // namespace gerbil::graph
