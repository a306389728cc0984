// How the rows and outputs of a linear layer are cut into tasks. What a task computes does not
// depend on it: only the time does.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/packed_tiles.h"
#include "kernels/scratch_tasks.h"

namespace gerbil::kernels::linear {

inline constexpr int64_t kBlockBytes = 256 * 1024;   // weights of a task: a part of the L2 cache
inline constexpr int64_t kSmallestTask = 64 * 1024;  // multiplications worth waking a thread for
inline constexpr int64_t kOutputAlignment = 8;       // a multiple of every tile's outputs
inline constexpr int64_t kRowAlignment = 6;          // likewise of the largest tile's rows
inline constexpr int64_t kInt8RowAlignment = 12;     // and of the int8 product's

struct Blocks {
  int64_t rows = 0;     // of a task
  int64_t outputs = 0;  // of a task
  int64_t down = 0;     // tasks along rows
  int64_t across = 0;   // tasks along outputs

  int64_t count() const { return down * across; }
};

struct Alignment {  // of a task's outputs and rows
  int64_t outputs = kOutputAlignment;
  int64_t rows = kRowAlignment;
};

inline Blocks choose_blocks(int64_t rows, int64_t columns, int64_t outputs, double weight_bytes,
                            int threads, Alignment alignment = {}) {
  const auto round_up = [](int64_t value, int64_t unit) {
    return (value + unit - 1) / unit * unit;
  };
  const auto pieces = [](int64_t whole, int64_t part) { return (whole + part - 1) / part; };
  // Enough tasks that the last ones to finish cost little, none too small to be worth it.
  const int64_t work = std::max<int64_t>(1, rows * std::max<int64_t>(1, columns));
  const int64_t wanted_tasks =
      std::clamp<int64_t>(work * outputs / kSmallestTask, 1, int64_t{8} * threads);
  const auto cached =
      static_cast<int64_t>(static_cast<double>(kBlockBytes) /
                           (static_cast<double>(std::max<int64_t>(1, columns)) * weight_bytes));
  Blocks blocks;
  blocks.outputs = round_up(std::max<int64_t>(1, std::min(cached, pieces(outputs, wanted_tasks))),
                            alignment.outputs);
  blocks.across = pieces(outputs, blocks.outputs);
  blocks.down = std::clamp<int64_t>(wanted_tasks / blocks.across, 1, pieces(rows, alignment.rows));
  blocks.rows = round_up(pieces(rows, blocks.down), alignment.rows);
  blocks.down = pieces(rows, blocks.rows);
  return blocks;
}

// Of a tile of quantised weights as floats.
inline uint64_t decoded_tile_bytes(int64_t columns) {
  return whole_lines(static_cast<uint64_t>(kOutputsPerTile * columns) * sizeof(float));
}

}  // namespace gerbil::kernels::linear
