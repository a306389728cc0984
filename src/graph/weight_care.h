// weight_care: how much a model suffers where a weight is rounded, read off the graph: what a
// backend that quantises should give more bits, or leave alone. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace gerbil::graph {

enum class WeightCare : uint8_t {
  kUsual,
  kMore,   // tables, and matrices whose products are the logits: every token and every choice
  kExact,  // what experts are chosen by: one rounding more, and others answer
};

std::vector<WeightCare> weight_care(const Graph& graph);  // [WeightId]

}  // namespace gerbil::graph
