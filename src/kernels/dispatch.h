// How a Highway kernel runs on the level that its caller names: a constant table of its compiled
// copies instead of Highway's dispatch, which is one choice for the whole process.
//
//   GERBIL_EXPORT(run);                                          // where Highway has HWY_EXPORT
//   void highway(const Call& call) { run_for[call.isa](call); }
//
// Include it before or after simd-inl.h; use it under HWY_ONCE. A level that a function was not
// compiled for gets the copy of the best one below it. Whoever names a level must know that the
// processor supports it. Constants: any thread.
#pragma once

#include <array>
#include <cstddef>

#include "platform/cpu_features.h"

namespace gerbil::kernels {

template <class F>
struct PerIsa {
  std::array<F, platform::kIsas> functions;

  F operator[](platform::Isa isa) const { return functions[static_cast<size_t>(isa)]; }
};

// Null: not compiled for that level.
template <class F>
constexpr PerIsa<F> per_isa(F baseline, F sse4, F avx2, F avx512) {
  if (sse4 == nullptr) sse4 = baseline;
  if (avx2 == nullptr) avx2 = sse4;
  if (avx512 == nullptr) avx512 = avx2;
  return {{baseline, sse4, avx2, avx512, baseline, baseline, baseline}};  // Advanced SIMD is
                                                                          // AArch64's baseline
}

}  // namespace gerbil::kernels

#define GERBIL_EXPORT(function)                                                                 \
  constexpr auto function##_for =                                                               \
      ::gerbil::kernels::per_isa<decltype(&HWY_STATIC_DISPATCH(function))>(                     \
          &HWY_STATIC_DISPATCH(function), HWY_CHOOSE_SSE4(function), HWY_CHOOSE_AVX2(function), \
          HWY_CHOOSE_AVX3(function))
