// quantize_row: a row of activations to int8 blocks. Compiled once per instruction set: see
// simd-inl.h.
#if defined(GERBIL_KERNELS_INT8_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_INT8_ROWS_INL_H
#undef GERBIL_KERNELS_INT8_ROWS_INL_H
#else
#define GERBIL_KERNELS_INT8_ROWS_INL_H
#endif

#include <algorithm>
#include <limits>

#include "kernels/int8_rows.h"
#include "kernels/simd-inl.h"
#include "tensor/quant/group_format.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// tensor::quant::quantize_block over whole vectors, and the sum of the codes.
HWY_INLINE void quantize_int8_block(const float* from, int8_t* codes, float& scale, int32_t& sum) {
  using tensor::quant::kBlock;
  constexpr int64_t kVectors = kBlock / kLanes;
  static_assert(kBlock % kLanes == 0);
  namespace hn = hwy::HWY_NAMESPACE;
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
  const hn::RebindToSigned<Floats> words;
  const hn::Rebind<int8_t, Floats> bytes;
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

// Row `number` of `to`.
HWY_INLINE void quantize_row(const float* from, int64_t columns, int64_t number,
                             const Int8Rows& to) {
  using tensor::quant::kBlock;
  const int64_t first = number * to.blocks;
  for (int64_t b = 0; b < to.blocks; ++b) {
    HWY_ALIGN float padded[kBlock] = {};
    const float* at = from + b * kBlock;
    if (columns - b * kBlock < kBlock) {
      std::copy(at, from + columns, padded);
      at = padded;
    }
    quantize_int8_block(at, to.codes + (first + b) * kBlock, to.scales[first + b],
                        to.sums[first + b]);
  }
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
