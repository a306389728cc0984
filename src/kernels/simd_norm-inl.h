// Norms over a row for the Highway kernels. Compiled once per instruction set: see simd-inl.h.
#if defined(GERBIL_KERNELS_SIMD_NORM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_SIMD_NORM_INL_H
#undef GERBIL_KERNELS_SIMD_NORM_INL_H
#else
#define GERBIL_KERNELS_SIMD_NORM_INL_H
#endif

#include <cmath>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// rsqrt(mean(x^2) + eps)
HWY_INLINE float rms_factor(const float* x, int64_t n, float eps) {
  return 1.0f / std::sqrt(sum_of_squares(x, n) / static_cast<float>(n) + eps);
}

// to[i] = from[i] * factor (* w[i], where there is a w)
HWY_INLINE void scale(const float* from, float factor, const float* w, float* to, int64_t n) {
  const FloatVector f = hn::Set(kFloats, factor);
  if (w == nullptr) {
    map(from, to, n, [f](FloatVector v) HWY_ATTR { return hn::Mul(v, f); });
  } else {
    map(from, w, to, n,
        [f](FloatVector v, FloatVector u) HWY_ATTR { return hn::Mul(hn::Mul(v, f), u); });
  }
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
