// Tiles of rows x outputs with vectors along K: every (row, output) has one vector of partial sums
// that takes K in order, so a number is the same whatever tile, row count or thread computes it.
// The tile has enough of them to hide the latency of a multiply-add; each vector of weights serves
// all rows of the tile, each vector of x all outputs. A task owns a block of outputs whose weights
// stay in the second-level cache while all rows pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/cpu.cc"
#include <algorithm>

#include "base/check.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/linear/blocks.h"
#include "kernels/linear/contract.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::linear::HWY_NAMESPACE {
namespace {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;
using simd::kLanes;

// Rows of the largest tile: its sums, a vector of x per row and one of weights fit the registers.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kTileRows = 6;  // 6 x 4 sums of 32 registers
#else
constexpr int kTileRows = 3;  // 3 x 4 of 16
#endif
constexpr int kTileOutputs = 4;

template <class T>
struct Operands {
  const float* x = nullptr;
  int64_t x_stride = 0;
  const T* w = nullptr;
  int64_t columns = 0;  // K
  int64_t outputs = 0;  // N
  const float* bias = nullptr;
  float* y = nullptr;
  int64_t y_stride = 0;
};

// y[row .. row + R)[output .. output + outputs), 1 <= outputs <= O.
template <int R, int O, class T>
HWY_NOINLINE void tile(const Operands<T>& p, int64_t row, int64_t output, int64_t outputs) {
  static_assert(O % 4 == 0 && kOutputAlignment % O == 0 && kRowAlignment % kTileRows == 0);
  const float* x[R];
  const T* w[O];
  FloatVector sum[R][O];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) x[r] = p.x + (row + r) * p.x_stride;
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

template <class T>
void multiply(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const Operands<T> p{.x = x.f32(0),
                      .x_stride = x.row_stride,
                      .w = static_cast<const T*>(w.data),
                      .columns = w.columns,
                      .outputs = w.rows,
                      .bias = call.weights.size() > 1 ? call.weights[1].f32() : nullptr,
                      .y = y.f32(0),
                      .y_stride = y.row_stride};
  const Blocks blocks = choose_blocks(x.rows, w.columns, w.rows, sizeof(T), call.pool->threads());
  call.pool->parallel_for(blocks.count(), [&](int64_t task) HWY_ATTR {
    const int64_t row = task / blocks.across * blocks.rows;
    const int64_t output = task % blocks.across * blocks.outputs;
    block(p, row, std::min(x.rows, row + blocks.rows), output,
          std::min(w.rows, output + blocks.outputs));
  });
}

}  // namespace

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const WeightView& w = call.weights[0];
  GERBIL_ASSERT(x.contiguous_rows() && x.width() == w.columns);
  if (x.rows == 0) return;
  switch (w.dtype) {
    case tensor::DType::kBF16:
      return multiply<BFloat16>(call);
    case tensor::DType::kF16:
      return multiply<Half>(call);
    default:
      return multiply<float>(call);
  }
}

}  // namespace gerbil::kernels::linear::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::linear {

HWY_EXPORT(run);
void highway(const Call& call) { HWY_DYNAMIC_DISPATCH(run)(call); }

}  // namespace gerbil::kernels::linear
#endif
