// Products of int8 activations and packed tiles, for each instruction set that has its own.
//
//   y[r, n] = sum over blocks b of (scale[n, group of b] * x_scale[r, b])
//             * sum over the block of (code[n, k] - zero) * x_code[r, k]
//             (+ offset[n, group of b] * x_scale[r, b] * x_sum[r, b])
//
// The inner sum is exact. Blocks are added in ascending order, whatever the rows, tiles and threads
// of a call: a number depends only on its row and its output.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/span.h"
#include "kernels/int8_rows.h"
#include "kernels/packed_tiles.h"
#include "platform/cpu_features.h"

namespace gerbil::kernels::linear {

struct Int8Product {
  TileLayout layout;
  const std::byte* weights = nullptr;
  Int8Rows x;
  const int32_t* x_row = nullptr;  // where row i of the product lies in x; null: at row i
  const float* bias = nullptr;     // [outputs], or null
  float* y = nullptr;              // [rows, outputs from first_output on]
  int64_t y_stride = 0;
  int64_t first_output = 0;
};

// Rows [row, last_row) by tiles [tile, last_tile).
using Int8Kernel = void (*)(const Int8Product&, int64_t row, int64_t last_row, int64_t tile,
                            int64_t last_tile);

// The best one of a level that the processor supports.
Int8Kernel int8_kernel(platform::Isa isa);

void int8_portable(const Int8Product&, int64_t row, int64_t last_row, int64_t tile,
                   int64_t last_tile);
#if defined(__x86_64__)
void int8_avx2(const Int8Product&, int64_t row, int64_t last_row, int64_t tile, int64_t last_tile);
void int8_avx512vnni(const Int8Product&, int64_t row, int64_t last_row, int64_t tile,
                     int64_t last_tile);
#elif defined(__aarch64__)
void int8_neon(const Int8Product&, int64_t row, int64_t last_row, int64_t tile, int64_t last_tile);
void int8_neon_dot(const Int8Product&, int64_t row, int64_t last_row, int64_t tile,
                   int64_t last_tile);
void int8_neon_i8mm(const Int8Product&, int64_t row, int64_t last_row, int64_t tile,
                    int64_t last_tile);
#endif

}  // namespace gerbil::kernels::linear
