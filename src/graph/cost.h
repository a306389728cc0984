// cost_of: what one call of a node has to move and to compute at least, whatever the backend: the
// numbers that a profile puts beside its time. Pure.
#pragma once

#include "graph/batch.h"
#include "graph/graph.h"

namespace gerbil::graph {

struct Cost {
  uint64_t weight_bytes = 0;         // packed weights read, each once
  uint64_t state_read_bytes = 0;     // KV cache and recurrent states
  uint64_t state_written_bytes = 0;  // likewise
  uint64_t value_bytes = 0;          // inputs read and outputs written
  // Multiplications and additions of products, attention, convolutions and recurrences; what only
  // passes over its rows once or twice (norms, activations, sampling) counts none.
  uint64_t operations = 0;
};

// What the graph does not say of a call.
struct CallSize {
  const Batch* batch = nullptr;
  int64_t wanted = 0;                 // rows of Rows::kWanted
  Span<const uint64_t> weight_bytes;  // of the node's weights, as packed
  uint64_t kv_position_bytes = 0;     // K and V of a position, where the node has a KV state
};

// Of experts, every row is taken to choose others as long as there are any.
Cost cost_of(const Graph& graph, const Node& node, const CallSize& size);

}  // namespace gerbil::graph
