// How the CPU kernel cuts attention into tasks: the same way for every number of threads, so that
// the order of a row's sums never depends on it.
//
// A run's queries of one kv head, (row, head) pairs in order, are cut into units: tiles of many
// queries whose vector lanes are queries, or single rows whose lanes are dimensions. The keys of a
// run are cut into parts where the step has few rows; parts meet in merge order.
#pragma once

#include <algorithm>
#include <cstdint>

#include "graph/batch.h"

namespace gerbil::kernels::attend {

inline constexpr int64_t kPartPages = 8;      // pages of a part, at least
inline constexpr int64_t kMaxParts = 64;      // of a run
inline constexpr int64_t kMaxPartRows = 256;  // rows times parts, where there is more than one part

// The indices that a row attends to.
struct Range {
  int64_t first = 0;
  int64_t last = -1;

  void include(const Range& other) {
    if (last < first) *this = other;
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

inline Range range_of(const graph::Batch& batch, int64_t row, int64_t window) {
  const int64_t index = batch.index[static_cast<size_t>(row)];
  return {window == 0 ? 0 : std::max<int64_t>(0, index - window + 1),
          batch.see_until[static_cast<size_t>(row)]};
}

// The most parts that a run may have in a step of `rows` rows.
inline int64_t most_parts(int64_t rows) {
  return std::clamp<int64_t>(kMaxPartRows / rows, 1, kMaxParts);
}

struct RunPlan {
  int64_t first_task = 0;
  int64_t units = 0;
  int64_t parts = 1;
  int64_t first_page = 0;
  int64_t pages_per_part = 0;
  bool tiles = false;
};

inline RunPlan plan_run(const graph::Batch& batch, const graph::Run& run, int64_t window,
                        int64_t group, int64_t lanes) {
  Range range;
  for (int64_t row = run.first; row < run.first + run.count; ++row)
    range.include(range_of(batch, row, window));
  RunPlan plan;
  plan.first_page = range.first / graph::kPagePositions;
  const int64_t pages = range.last / graph::kPagePositions + 1 - plan.first_page;
  plan.parts =
      std::clamp<int64_t>((pages + kPartPages - 1) / kPartPages, 1, most_parts(batch.rows()));
  plan.pages_per_part = (pages + plan.parts - 1) / plan.parts;
  // A tile costs the same for one query as for all of its lanes.
  const int64_t queries = run.count * group;
  plan.tiles = 3 * queries >= 2 * lanes;
  plan.units = plan.tiles ? (queries + 2 * lanes - 1) / (2 * lanes) : run.count;
  return plan;
}

}  // namespace gerbil::kernels::attend
