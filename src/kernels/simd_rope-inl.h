// The rotation of one head for the Highway kernels. Compiled once per instruction set: see
// simd-inl.h.
#if defined(GERBIL_KERNELS_SIMD_ROPE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_SIMD_ROPE_INL_H
#undef GERBIL_KERNELS_SIMD_ROPE_INL_H
#else
#define GERBIL_KERNELS_SIMD_ROPE_INL_H
#endif

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// Turns the pairs (i, i + n) of `from` by a table row of n cosines and n sines. `to` may be `from`.
HWY_INLINE void rotate(const float* from, const float* table, float* to, int64_t n) {
  const auto turn = [](FloatVector x, FloatVector y, FloatVector cosine, FloatVector sine,
                       FloatVector& to_x, FloatVector& to_y) HWY_ATTR {
    to_x = hn::NegMulAdd(y, sine, hn::Mul(x, cosine));
    to_y = hn::MulAdd(x, sine, hn::Mul(y, cosine));
  };
  FloatVector x = hn::Zero(kFloats);
  FloatVector y = x;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    turn(hn::LoadU(kFloats, from + i), hn::LoadU(kFloats, from + n + i),
         hn::LoadU(kFloats, table + i), hn::LoadU(kFloats, table + n + i), x, y);
    hn::StoreU(x, kFloats, to + i);
    hn::StoreU(y, kFloats, to + n + i);
  }
  if (i < n) {
    const int64_t rest = n - i;
    turn(load_tail(from + i, rest), load_tail(from + n + i, rest), load_tail(table + i, rest),
         load_tail(table + n + i, rest), x, y);
    store_tail(x, to + i, rest);
    store_tail(y, to + n + i, rest);
  }
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
