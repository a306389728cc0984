// A row is one task's: exponentials in vectors, the choice one by one (it is a comparison an
// expert, rarely more).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/route/cpu.cc"
#include <algorithm>
#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/route/choose.h"
#include "kernels/route/contract.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::route::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;
using simd::kLanes;

// exp(x) of what is not positive; NaN stays NaN. Exp must not see what no integer holds.
HWY_INLINE FloatVector exp_below(FloatVector x) {
  const FloatVector lowest = hn::Set(kFloats, -105.0f);  // exp of it is 0
  const FloatVector e = hn::Exp(kFloats, hn::IfThenElse(hn::Gt(x, lowest), x, lowest));
  return hn::IfThenElse(hn::Eq(x, x), e, x);
}

// The sum of exp(logits - max).
HWY_INLINE float sum_of_exps(const float* logits, int64_t count, float max) {
  const FloatVector shift = hn::Set(kFloats, max);
  FloatVector sum = hn::Zero(kFloats);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    sum = hn::Add(sum, exp_below(hn::Sub(hn::LoadU(kFloats, logits + i), shift)));
  if (i < count) {
    const FloatVector rest = exp_below(hn::Sub(simd::load_tail(logits + i, count - i), shift));
    sum =
        hn::Add(sum, hn::IfThenElseZero(hn::FirstN(kFloats, static_cast<size_t>(count - i)), rest));
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, sum));
}

void run(const Call& call) {
  const auto& op = call.attributes<graph::Route>();
  const TensorView& logits = call.inputs[0];
  constexpr int64_t kCost = 8;  // an exponential and a choice, in copied numbers
  for_row_blocks(*call.pool, logits.rows, kCost * logits.dim,
                 [&](int64_t first, int64_t last) HWY_ATTR {
                   for (int64_t row = first; row < last; ++row) {
                     const float* l = logits.f32(row);
                     int32_t* ids = call.outputs[0].i32(row);
                     float* w = call.outputs[1].f32(row);
                     choose(l, logits.dim, op.top_k, ids);
                     const float max = l[ids[0]];
                     const float sum = sum_of_exps(l, logits.dim, max);
                     float chosen = 0;
                     for (int64_t s = 0; s < op.top_k; ++s) {
                       w[s] = std::exp(l[ids[s]] - max) / sum;
                       chosen += w[s];
                     }
                     for (int64_t s = 0; op.normalise && s < op.top_k; ++s) w[s] /= chosen;
                   }
                 });
}

}  // namespace gerbil::kernels::route::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::route {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::route
#endif
