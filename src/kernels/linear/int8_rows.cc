#include "kernels/linear/int8_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/int8_rows.cc"
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/row_tasks.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::linear::HWY_NAMESPACE {
namespace {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;
using simd::kLanes;
using tensor::quant::kBlock;

constexpr int64_t kVectors = kBlock / kLanes;
static_assert(kBlock % kLanes == 0);

// tensor::quant::quantize_block over whole vectors, and the sum of the codes.
void block(const float* from, int8_t* codes, float& scale, int32_t& sum) {
  const FloatVector most = hn::Set(kFloats, std::numeric_limits<float>::max());
  FloatVector x[kVectors];
  FloatVector largest = hn::Zero(kFloats);
#pragma GCC unroll 8
  for (int64_t i = 0; i < kVectors; ++i) {
    const FloatVector v = hn::LoadU(kFloats, from + i * kLanes);
    x[i] = hn::Clamp(hn::IfThenElseZero(hn::Eq(v, v), v), hn::Neg(most), most);
    largest = hn::Max(largest, hn::Abs(x[i]));
  }
  const float greatest = hn::GetLane(hn::MaxOfLanes(kFloats, largest));
  const float inverse = 127.0f / greatest;
  if (!(inverse <= std::numeric_limits<float>::max())) {
    std::fill_n(codes, kBlock, int8_t{0});
    scale = 0;
    sum = 0;
    return;
  }
  const FloatVector factor = hn::Set(kFloats, inverse);
  const hn::RebindToSigned<simd::Floats> words;
  const hn::Rebind<int8_t, simd::Floats> bytes;
  auto total = hn::Zero(words);
#pragma GCC unroll 8
  for (int64_t i = 0; i < kVectors; ++i) {
    const auto code = hn::NearestInt(hn::Mul(x[i], factor));
    total = hn::Add(total, code);
    hn::StoreU(hn::DemoteTo(bytes, code), bytes, codes + i * kLanes);
  }
  scale = greatest / 127.0f;
  sum = hn::GetLane(hn::SumOfLanes(words, total));
}

void row(const float* from, int64_t columns, int64_t number, const Int8Rows& to) {
  const int64_t first = number * to.blocks;
  for (int64_t b = 0; b < to.blocks; ++b) {
    HWY_ALIGN float padded[kBlock] = {};
    const float* at = from + b * kBlock;
    if (columns - b * kBlock < kBlock) {
      std::copy(at, from + columns, padded);
      at = padded;
    }
    block(at, to.codes + (first + b) * kBlock, to.scales[first + b], to.sums[first + b]);
  }
}

}  // namespace

void run(const TensorView& x, platform::ThreadPool& pool, const Int8Rows& to) {
  for_row_blocks(pool, x.rows, 2 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t r = first; r < last; ++r) row(x.f32(r), x.width(), r, to);
  });
}

}  // namespace gerbil::kernels::linear::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::linear {

using tensor::quant::kBlock;

uint64_t int8_rows_bytes(int64_t rows, int64_t columns) {
  const auto blocks = static_cast<uint64_t>((columns + kBlock - 1) / kBlock * rows);
  return whole_lines(blocks * kBlock) + 2 * whole_lines(blocks * sizeof(float));
}

Int8Rows int8_rows_in(Span<std::byte> scratch, int64_t rows, int64_t columns) {
  GERBIL_ASSERT(scratch.size() >= int8_rows_bytes(rows, columns));
  const int64_t blocks = (columns + kBlock - 1) / kBlock;
  const auto count = static_cast<uint64_t>(blocks * rows);
  std::byte* scales = scratch.data() + whole_lines(count * kBlock);
  return {.rows = rows,
          .blocks = blocks,
          .codes = reinterpret_cast<int8_t*>(scratch.data()),
          .scales = reinterpret_cast<float*>(scales),
          .sums = reinterpret_cast<int32_t*>(scales + whole_lines(count * sizeof(float)))};
}

GERBIL_EXPORT(run);
void quantize_rows(const TensorView& x, platform::Isa isa, platform::ThreadPool& pool,
                   const Int8Rows& to) {
  run_for[isa](x, pool, to);
}

}  // namespace gerbil::kernels::linear
#endif
