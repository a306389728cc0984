// print: a graph as stable text, for people and for tests: inputs, states, then one line a node and
// one a tap:
//
//   input %rope0 [R, 1, 16]
//   state kv_state.layer0: kv_heads=2 head_dim=16 window=0
//   %7 [R, 4, 16] = rope(%5, %rope0) rotary_dim=16  // layers.0.attention
//   %9 [R, 1, 64] = linear(%8, layers.0.attention.out[64, 64])  // layers.0.attention
//   %10 [R, 4, 16] = attend(%7, %3, %4; kv_state.layer0) scale=0.25 window=0  // layers.0.attention
//   tap hidden.0 = %9
//
// Works for broken graphs too (verify's errors quote it): an operand that does not exist is "%?".
#pragma once

#include <string>

#include "graph/graph.h"

namespace gerbil::graph {

std::string print(const Graph& graph);

// "R"
std::string_view rows_name(Rows rows);
// "[R, 4, 16]"
std::string to_string(const ValueShape& shape);

}  // namespace gerbil::graph
