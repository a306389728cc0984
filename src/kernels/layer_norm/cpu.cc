#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_norm/cpu.cc"
#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::layer_norm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

// The sum of f(x_i), f over vectors; a tail's missing numbers count nothing.
template <class F>
HWY_INLINE float sum_of(const float* x, int64_t n, F f) {
  FloatVector s0 = hn::Zero(kFloats);
  FloatVector s1 = s0;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    s0 = hn::Add(s0, f(hn::LoadU(kFloats, x + i)));
    s1 = hn::Add(s1, f(hn::LoadU(kFloats, x + i + kLanes)));
  }
  for (; i + kLanes <= n; i += kLanes) s0 = hn::Add(s0, f(hn::LoadU(kFloats, x + i)));
  if (i < n) {
    const auto inside = hn::FirstN(kFloats, static_cast<size_t>(n - i));
    s1 = hn::Add(s1, hn::IfThenElseZero(inside, f(load_tail(x + i, n - i))));
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, hn::Add(s0, s1)));
}

HWY_INLINE void norm(const float* x, const float* w, const float* b, float eps, float* to,
                     int64_t n) {
  const auto count = static_cast<float>(n);
  const FloatVector mean =
      hn::Set(kFloats, sum_of(x, n, [](FloatVector v) HWY_ATTR { return v; }) / count);
  const float squares = sum_of(x, n, [mean](FloatVector v) HWY_ATTR {
    const FloatVector difference = hn::Sub(v, mean);
    return hn::Mul(difference, difference);
  });
  const FloatVector factor = hn::Set(kFloats, 1.0f / std::sqrt(squares / count + eps));
  const auto normed = [&](FloatVector v, FloatVector weight, FloatVector bias) HWY_ATTR {
    return hn::MulAdd(hn::Mul(hn::Sub(v, mean), factor), weight, bias);
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    hn::StoreU(
        normed(hn::LoadU(kFloats, x + i), hn::LoadU(kFloats, w + i), hn::LoadU(kFloats, b + i)),
        kFloats, to + i);
  if (i < n)
    store_tail(normed(load_tail(x + i, n - i), load_tail(w + i, n - i), load_tail(b + i, n - i)),
               to + i, n - i);
}

}  // namespace

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const float* w = call.weights[0].f32();
  const float* b = call.weights[1].f32();
  const float eps = call.attributes<graph::LayerNorm>().eps;
  for_row_blocks(*call.pool, x.rows, 3 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row)
      for (int64_t head = 0; head < x.heads; ++head)
        norm(x.f32(row, head), w, b, eps, y.f32(row, head), x.dim);
  });
}

}  // namespace gerbil::kernels::layer_norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::layer_norm {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::layer_norm
#endif
