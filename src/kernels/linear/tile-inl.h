// Tiles of rows x outputs with vectors along K: every (row, output) has one vector of partial sums
// that takes K in order, so a number is the same whatever tile, row count or thread computes it.
// The tile has enough of them to hide the latency of a multiply-add; each vector of weights serves
// all rows of the tile, each vector of x all outputs. Compiled once per instruction set: see
// simd-inl.h.
#if defined(GERBIL_KERNELS_LINEAR_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_LINEAR_TILE_INL_H
#undef GERBIL_KERNELS_LINEAR_TILE_INL_H
#else
#define GERBIL_KERNELS_LINEAR_TILE_INL_H
#endif

#include <algorithm>

#include "kernels/linear/blocks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::linear::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;
using simd::kLanes;

// Rows of the largest tile: its sums, a vector of x per row and one of weights fit the registers.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
inline constexpr int kTileRows = 6;  // 6 x 4 sums of 32 registers
#else
inline constexpr int kTileRows = 3;  // 3 x 4 of 16
#endif
inline constexpr int kTileOutputs = 4;

template <class T>
struct Operands {
  const float* x = nullptr;
  int64_t x_stride = 0;
  const int32_t* x_row = nullptr;  // where row i of the product lies in x; null: at row i
  const T* w = nullptr;
  int64_t columns = 0;  // K
  int64_t outputs = 0;  // N
  const float* bias = nullptr;
  float* y = nullptr;
  int64_t y_stride = 0;

  const float* row(int64_t i) const {
    return x + (x_row == nullptr ? i : int64_t{x_row[i]}) * x_stride;
  }
};

// y[row .. row + R)[output .. output + outputs), 1 <= outputs <= O.
template <int R, int O, class T>
HWY_NOINLINE void tile(const Operands<T>& p, int64_t row, int64_t output, int64_t outputs) {
  static_assert(O % 4 == 0 && kOutputAlignment % O == 0 && kRowAlignment % kTileRows == 0);
  const float* x[R];
  const T* w[O];
  FloatVector sum[R][O];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) x[r] = p.row(row + r);
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o)  // outputs that are not there repeat the last one
    w[o] = p.w + (output + std::min<int64_t>(o, outputs - 1)) * p.columns;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int o = 0; o < O; ++o) sum[r][o] = hn::Zero(kFloats);

  // The next tile's weights are fetched while this one is computed: rows of a few kilobytes are too
  // short for the processor's own prefetching.
  const int64_t ahead = output + 2 * O <= p.outputs ? O * p.columns : 0;
  int64_t k = 0;
  for (; k + kLanes <= p.columns; k += kLanes) {
    FloatVector from[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) from[r] = hn::LoadU(kFloats, x[r] + k);
#pragma GCC unroll 8
    for (int o = 0; o < O; ++o) {
      __builtin_prefetch(w[o] + ahead + k, 0, 2);
      const FloatVector weights = simd::load_weights(w[o] + k);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][o] = hn::MulAdd(from[r], weights, sum[r][o]);
    }
  }
  if (k < p.columns) {
    const int64_t rest = p.columns - k;
#pragma GCC unroll 8
    for (int o = 0; o < O; ++o) {
      const FloatVector weights = simd::load_weights_tail(w[o] + k, rest);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
        sum[r][o] = hn::MulAdd(simd::load_tail(x[r] + k, rest), weights, sum[r][o]);
    }
  }

#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    float* y = p.y + (row + r) * p.y_stride + output;
#pragma GCC unroll 8
    for (int o = 0; o < O; o += 4) {
      float four[4];
      simd::sums_of_four(sum[r][o], sum[r][o + 1], sum[r][o + 2], sum[r][o + 3], four);
      for (int64_t i = o; i < std::min<int64_t>(o + 4, outputs); ++i)
        y[i] = p.bias == nullptr ? four[i - o] : four[i - o] + p.bias[output + i];
    }
  }
}

// Rows [row, last) by outputs [first_output, last_output). All rows pass before the block is left.
template <class T>
void block(const Operands<T>& p, int64_t row, int64_t last, int64_t first_output,
           int64_t last_output) {
  const auto pass = [&]<int R, int O>() HWY_ATTR {
    for (int64_t o = first_output; o < last_output; o += O)
      tile<R, O>(p, row, o, std::min<int64_t>(O, last_output - o));
    row += R;
  };
  while (row + kTileRows <= last) pass.template operator()<kTileRows, kTileOutputs>();
  // The rest. Few rows take more outputs at a time, for as many independent sums.
  switch (last - row) {
    case 5:
      pass.template operator()<std::min(5, kTileRows), kTileOutputs>();
      break;
    case 4:
      pass.template operator()<std::min(4, kTileRows), kTileOutputs>();
      break;
    case 3:
      pass.template operator()<3, kTileOutputs>();
      break;
    case 2:
      pass.template operator()<2, kTileOutputs>();
      break;
    case 1:
      pass.template operator()<1, 2 * kTileOutputs>();
      break;
    default:
      break;
  }
}

}  // namespace gerbil::kernels::linear::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
