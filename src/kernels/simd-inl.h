// What the Highway kernels share: loads and stores of a row's tail, sums over a row, weights as
// floats, the logistic function. Compiled once per instruction set (no #pragma once): include it
// after foreach_target.h, inside nothing.
//
// Sums run in a fixed order that depends only on the length, so that a number does not depend on
// the thread, the row or the company it is computed in.
#if defined(GERBIL_KERNELS_SIMD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_SIMD_INL_H
#undef GERBIL_KERNELS_SIMD_INL_H
#else
#define GERBIL_KERNELS_SIMD_INL_H
#endif

#ifndef GERBIL_KERNELS_FOREACH_TARGET
#error "include kernels/foreach_target.h first"
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstring>
#include <type_traits>

#include "base/half.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;
inline constexpr Floats kFloats;
inline constexpr int64_t kLanes = hn::MaxLanes(Floats());

// The first `count` < kLanes numbers, then zeros. Reads nothing behind them.
HWY_INLINE FloatVector load_tail(const float* from, int64_t count) {
  HWY_ALIGN float lanes[kLanes] = {};
  std::memcpy(lanes, from, static_cast<size_t>(count) * sizeof(float));
  return hn::Load(kFloats, lanes);
}

HWY_INLINE void store_tail(FloatVector v, float* to, int64_t count) {
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, kFloats, lanes);
  std::memcpy(to, lanes, static_cast<size_t>(count) * sizeof(float));
}

// Weights as floats, exactly.
HWY_INLINE FloatVector load_weights(const float* from) { return hn::LoadU(kFloats, from); }
HWY_INLINE FloatVector load_weights(const BFloat16* from) {
  const hn::Rebind<uint16_t, Floats> halves;
  const hn::RebindToUnsigned<Floats> words;
  const auto bits = hn::LoadU(halves, reinterpret_cast<const uint16_t*>(from));
  return hn::BitCast(kFloats, hn::ShiftLeft<16>(hn::PromoteTo(words, bits)));
}
HWY_INLINE FloatVector load_weights(const Half* from) {
  const hn::Rebind<hwy::float16_t, Floats> halves;
  const hn::Rebind<uint16_t, Floats> words;
  const auto bits = hn::LoadU(words, reinterpret_cast<const uint16_t*>(from));
  return hn::PromoteTo(kFloats, hn::BitCast(halves, bits));
}
template <class T>
HWY_INLINE FloatVector load_weights_tail(const T* from, int64_t count) {
  HWY_ALIGN T lanes[kLanes] = {};
  std::memcpy(lanes, from, static_cast<size_t>(count) * sizeof(T));
  return load_weights(lanes);
}

// 1 / (1 + exp(-x)); NaN stays NaN. Only exp of what is not positive is taken, so nothing
// overflows; Exp must not see what no integer holds.
HWY_INLINE FloatVector sigmoid(FloatVector x) {
  const FloatVector one = hn::Set(kFloats, 1.0f);
  const FloatVector lowest = hn::Set(kFloats, -105.0f);  // exp of it is 0
  const FloatVector y = hn::Neg(hn::Abs(x));
  const FloatVector z = hn::Exp(kFloats, hn::IfThenElse(hn::Gt(y, lowest), y, lowest));
  const FloatVector positive = hn::Div(one, hn::Add(one, z));
  const FloatVector result =
      hn::IfThenElse(hn::Lt(x, hn::Zero(kFloats)), hn::Mul(z, positive), positive);
  return hn::IfThenElse(hn::Eq(x, x), result, x);
}

HWY_INLINE FloatVector silu(FloatVector x) { return hn::Mul(x, sigmoid(x)); }

#if HWY_TARGET != HWY_SCALAR
// out[0 .. 4) = the sum of v's blocks of four lanes, halves first.
template <class D, class V>
HWY_INLINE void store_sum_of_blocks(D d, V v, float* out) {
  if constexpr (hn::MaxLanes(d) <= 4) {
    hn::StoreU(v, d, out);
  } else {
    const hn::Half<D> half;
    store_sum_of_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), out);
  }
}

#endif

// out[0 .. 4) = the sums of all lanes of a, b, c and d, each in the same order of additions.
HWY_INLINE void sums_of_four(FloatVector a, FloatVector b, FloatVector c, FloatVector d,
                             float* out) {
#if HWY_TARGET == HWY_SCALAR
  const FloatVector all[] = {a, b, c, d};
  for (int i = 0; i < 4; ++i) out[i] = hn::GetLane(all[i]);
#else
  const hn::RepartitionToWide<Floats> pairs;
  // In every block of four lanes: a0 + a2, b0 + b2, a1 + a3, b1 + b3.
  const auto ab = hn::BitCast(
      pairs, hn::Add(hn::InterleaveLower(kFloats, a, b), hn::InterleaveUpper(kFloats, a, b)));
  const auto cd = hn::BitCast(
      pairs, hn::Add(hn::InterleaveLower(kFloats, c, d), hn::InterleaveUpper(kFloats, c, d)));
  const FloatVector blocks = hn::Add(hn::BitCast(kFloats, hn::InterleaveLower(pairs, ab, cd)),
                                     hn::BitCast(kFloats, hn::InterleaveUpper(pairs, ab, cd)));
  store_sum_of_blocks(kFloats, blocks, out);
#endif
}

HWY_INLINE float sum_of_squares(const float* x, int64_t n) {
  FloatVector s0 = hn::Zero(kFloats);
  FloatVector s1 = s0;
  FloatVector s2 = s0;
  FloatVector s3 = s0;
  const auto add = [](const float* from, FloatVector sum) HWY_ATTR {
    const FloatVector v = hn::LoadU(kFloats, from);
    return hn::MulAdd(v, v, sum);
  };
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = add(x + i, s0);
    s1 = add(x + i + kLanes, s1);
    s2 = add(x + i + 2 * kLanes, s2);
    s3 = add(x + i + 3 * kLanes, s3);
  }
  for (; i + kLanes <= n; i += kLanes) s0 = add(x + i, s0);
  if (i < n) {
    const FloatVector v = load_tail(x + i, n - i);
    s1 = hn::MulAdd(v, v, s1);
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

// to[i] = f(a[i]) and f(a[i], b[i]), f over vectors.
template <class F>
HWY_INLINE void map(const float* a, float* to, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(f(hn::LoadU(kFloats, a + i)), kFloats, to + i);
  if (i < n) store_tail(f(load_tail(a + i, n - i)), to + i, n - i);
}

template <class F>
HWY_INLINE void map(const float* a, const float* b, float* to, int64_t n, F f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    hn::StoreU(f(hn::LoadU(kFloats, a + i), hn::LoadU(kFloats, b + i)), kFloats, to + i);
  if (i < n) store_tail(f(load_tail(a + i, n - i), load_tail(b + i, n - i)), to + i, n - i);
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
