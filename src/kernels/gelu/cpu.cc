#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gelu/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd_elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::gelu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = gerbil::kernels::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;

// x * sigmoid(2 u) is x (1 + tanh(u)) / 2.
HWY_INLINE FloatVector with_tanh(FloatVector x) {
  constexpr float kTwice = 1.5957691216057308f;  // 2 sqrt(2 / pi)
  const FloatVector cube = hn::Mul(hn::Mul(x, x), hn::Set(kFloats, kTwice * 0.044715f));
  const FloatVector inner = hn::Mul(x, hn::Add(cube, hn::Set(kFloats, kTwice)));
  return hn::Mul(x, simd::sigmoid(inner));
}

// erfc(z) = t exp(-z^2 + P(t)), t = 1 / (1 + z / 2), z >= 0, to 1.2e-7 of its value (Press et al.,
// Numerical Recipes in C, section 6.2).
HWY_INLINE FloatVector exact(FloatVector x) {
  constexpr float kTerms[] = {0.17087277f,  -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
                              -0.18628806f, 0.09678418f,  0.37409196f, 1.00002368f,  -1.26551223f};
  const FloatVector one = hn::Set(kFloats, 1.0f);
  const FloatVector half = hn::Set(kFloats, 0.5f);
  const FloatVector half_z = hn::Mul(hn::Abs(x), hn::Set(kFloats, 0.35355339059327373f));
  const FloatVector t = hn::Div(one, hn::Add(one, half_z));
  FloatVector p = hn::Set(kFloats, kTerms[0]);
#pragma GCC unroll 9
  for (int i = 1; i < 10; ++i) p = hn::MulAdd(p, t, hn::Set(kFloats, kTerms[i]));
  const FloatVector square = hn::NegMulAdd(hn::Mul(x, half), x, p);  // x^2 / 2 is z^2
  const FloatVector lowest = hn::Set(kFloats, -105.0f);  // exp of it is 0; Exp must not see less
  const FloatVector exponent = hn::IfThenElse(hn::Gt(square, lowest), square, lowest);
  const FloatVector tail = hn::Mul(hn::Mul(half, t), hn::Exp(kFloats, exponent));
  return hn::Mul(x, hn::IfThenElse(hn::Lt(x, hn::Zero(kFloats)), tail, hn::Sub(one, tail)));
}

}  // namespace

void run(const Call& call) {
  if (call.attributes<graph::Gelu>().tanh)
    simd::map_view(call, 4, [](FloatVector a) HWY_ATTR { return with_tanh(a); });
  else
    simd::map_view(call, 6, [](FloatVector a) HWY_ATTR { return exact(a); });
}

}  // namespace gerbil::kernels::gelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::gelu {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::gelu
#endif
