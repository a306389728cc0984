// plan_memory: where every computed value lies in one arena, for the largest number of rows each
// symbolic dimension can have. Views (slice, reshape) share their base's bytes. With reuse, values
// whose lifetimes do not overlap share bytes too; an output never lies on an input of its node.
//
// Tapped values and answers (samples, log probabilities) live to the end. Values of Rows::kWanted
// are laid out for RowLimits::wanted (at most kMaxWantedRows): the part of the graph behind
// gather_rows runs in pieces, again and again, so what it reads of other rows lives to the end too.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace gerbil::graph {

// At most kMaxPlanRows each.
struct RowLimits {
  int64_t rows = 0;     // R
  int64_t runs = 0;     // S
  int64_t wanted = 0;   // W
  int64_t patches = 0;  // P
  int64_t frames = 0;   // F
};

// How many rows a value may have.
int64_t row_limit(const Graph& graph, ValueId value, const RowLimits& limits);

inline constexpr int64_t kMaxPlanRows = int64_t{1} << 20;

// A value's bytes: base + ((row * row_stride) + (head * head_stride) + dim) * element size.
struct Placement {
  ValueId base = -1;          // the value that owns the bytes (itself unless it is a view)
  uint64_t offset_bytes = 0;  // of row 0, head 0, dim 0 in the arena
  int64_t row_stride = 0;     // in elements
  int64_t head_stride = 0;    // in elements
  uint64_t beside_bytes = 0;  // offset in the arena of what lies beside a base
};

struct MemoryPlan {
  std::vector<Placement> values;  // [ValueId]; inputs have base -1: the caller's memory
  uint64_t arena_bytes = 0;
};

inline constexpr uint64_t kArenaAlignment = 64;  // of each base's offset, and of arena_bytes

// For a verified graph. `beside` [ValueId] or empty: bytes that live as long as a value that owns
// its bytes, at Placement::beside_bytes.
MemoryPlan plan_memory(const Graph& graph, const RowLimits& limits, bool reuse,
                       Span<const uint64_t> beside = {});

}  // namespace gerbil::graph
