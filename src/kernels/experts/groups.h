// How the choices of a piece of a step are sorted by expert and cut into tasks. A piece has at most
// kPieceRows rows, which bounds the memory between the two products; each expert that a piece uses
// is read once. What a task computes does not depend on any of it: only the time does.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "kernels/int8_rows.h"
#include "kernels/linear/blocks.h"
#include "kernels/scratch_tasks.h"

namespace gerbil::kernels::experts {

inline constexpr int64_t kPieceRows = 512;
inline constexpr int64_t kTaskRows = 252;     // a multiple of linear::kRowAlignment
inline constexpr int64_t kTaskOutputs = 128;  // likewise of kOutputsPerTile

// A worker's memory: a part's second product [kTaskRows, kTaskOutputs] and a decoded tile of
// weights with that many columns.
inline uint64_t worker_bytes(int64_t columns) {
  return kTaskRows * kTaskOutputs * sizeof(float) + linear::decoded_tile_bytes(columns);
}

// The quantised rows of the product that runs.
inline uint64_t quantized_bytes(int64_t rows, int64_t columns, int64_t choices, int64_t inner) {
  return std::max(int8_rows_bytes(rows, columns), int8_rows_bytes(choices, inner));
}

// Outputs of a task: their weights (`matrices` of them beside each other) fill a part of the
// second-level cache, and there are enough tasks for everyone if all experts have `rows` rows.
inline int64_t task_outputs(int64_t outputs, int64_t columns, double weight_bytes, int64_t matrices,
                            int64_t rows, int threads) {
  const auto row_bytes = std::max<int64_t>(
      1, static_cast<int64_t>(static_cast<double>(columns * matrices) * weight_bytes));
  const int64_t work = std::max<int64_t>(1, rows * std::max<int64_t>(1, columns) * matrices);
  const int64_t wanted_tasks =
      std::clamp<int64_t>(work * outputs / linear::kSmallestTask, 1, int64_t{8} * threads);
  const int64_t most = std::min(
      {linear::kBlockBytes / row_bytes, kTaskOutputs, (outputs + wanted_tasks - 1) / wanted_tasks});
  return (std::max<int64_t>(1, most) + kOutputsPerTile - 1) / kOutputsPerTile * kOutputsPerTile;
}

// Arrays in Call::scratch, for up to `choices` rows times experts a row.
struct Groups {
  int64_t used = 0;           // experts with rows
  int32_t* expert = nullptr;  // [used]
  int32_t* first = nullptr;   // [used + 1] where an expert's choices begin
  int32_t* blocks = nullptr;  // [used + 1] where its blocks of kTaskRows choices begin
  int32_t* row = nullptr;     // [choices] sorted by expert: the row
  int32_t* place = nullptr;   // [choices] in the order of rows and slots: where it was sorted to
  float* h = nullptr;         // [choices, inner] between the products, sorted
  float* out = nullptr;       // [choices, N] sorted

  static uint64_t bytes(int64_t experts, int64_t choices, int64_t inner, int64_t outputs) {
    const auto lines = [](int64_t count) {
      return whole_lines(static_cast<uint64_t>(count) * sizeof(float));
    };
    return 3 * lines(experts + 1) + 2 * lines(choices) + lines(choices * inner) +
           lines(choices * outputs);
  }
  static Groups in(std::byte* memory, int64_t experts, int64_t choices, int64_t inner,
                   int64_t outputs) {
    const auto take = [&]<class T>(T*& array, int64_t count) {
      array = reinterpret_cast<T*>(memory);
      memory += whole_lines(static_cast<uint64_t>(count) * sizeof(T));
    };
    Groups g;
    take(g.expert, experts + 1);
    take(g.first, experts + 1);
    take(g.blocks, experts + 1);
    take(g.row, choices);
    take(g.place, choices);
    take(g.h, choices * inner);
    take(g.out, choices * outputs);
    return g;
  }

  int64_t count(int64_t group) const { return first[group + 1] - first[group]; }
  int64_t block_count() const { return blocks[used]; }

  // Sorts by counting: ids(row, slot) -> expert. Choices of an expert stay in order.
  template <class Ids>
  void sort(int64_t experts, int64_t rows, int64_t top_k, Ids ids) {
    // `first` counts, then gives each expert its next place.
    std::fill_n(first, experts + 1, 0);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t s = 0; s < top_k; ++s) {
        const int64_t e = ids(r, s);
        GERBIL_ASSERT(e >= 0 && e < experts);
        ++first[e];
      }
    int32_t begin = 0;
    for (int64_t e = 0; e < experts; ++e) begin += std::exchange(first[e], begin);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t s = 0; s < top_k; ++s) {
        const int32_t at = first[ids(r, s)]++;
        row[at] = static_cast<int32_t>(r);
        place[r * top_k + s] = at;
      }
    // Now first[e] is where expert e ends. Keep those with rows.
    used = 0;
    begin = 0;
    int32_t block = 0;
    for (int64_t e = 0; e < experts; ++e) {
      const int32_t end = first[e];
      if (end == begin) continue;
      expert[used] = static_cast<int32_t>(e);
      first[used] = begin;
      blocks[used] = block;
      block += static_cast<int32_t>((end - begin + kTaskRows - 1) / kTaskRows);
      begin = end;
      ++used;
    }
    first[used] = begin;
    blocks[used] = block;
  }

  // The group that a block of choices belongs to.
  int64_t group_of(int64_t block) const {
    return std::upper_bound(blocks, blocks + used + 1, block) - blocks - 1;
  }
};

}  // namespace gerbil::kernels::experts
