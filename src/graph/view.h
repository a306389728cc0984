// Views: how slices and reshapes lie inside the value that owns their bytes. Shared by verify
// (which refuses a reshape of a row with gaps) and the memory plan. Pure functions.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace gerbil::graph {

// Element (head, dim) of a row lies at offset + head * head_stride + dim of the base's row, and
// rows are the base's width apart; all in elements.
struct View {
  ValueId base = -1;  // the value itself unless it is a slice or reshape
  int64_t offset = 0;
  int64_t head_stride = 0;
};

inline bool is_view(const Op& op) {
  return std::holds_alternative<Slice>(op) || std::holds_alternative<Reshape>(op);
}

// The heads of a row do not follow each other directly.
inline bool has_gaps(const View& view, const ValueShape& shape) {
  return shape.heads > 1 && view.head_stride != shape.dim;
}

// A value that owns its bytes.
inline View whole(const Graph& graph, ValueId id) { return {id, 0, graph.shape(id).dim}; }

// What `op`, a slice or a reshape, makes of `input`.
View apply_view(const Op& op, const View& input);

// [ValueId] for a verified graph.
std::vector<View> find_views(const Graph& graph);

}  // namespace gerbil::graph
