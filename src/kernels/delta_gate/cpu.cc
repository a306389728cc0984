#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/delta_gate/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::delta_gate::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

HWY_INLINE FloatVector softplus(FloatVector x) {
  const FloatVector large = hn::Set(kFloats, 20.0f);
  const FloatVector small = hn::Log1p(kFloats, hn::Exp(kFloats, hn::Min(x, large)));
  return hn::IfThenElse(hn::Gt(x, large), x, small);
}

void run(const Call& call) {
  const TensorView& a = call.inputs[0];
  const float* a_log = call.weights[0].f32();
  const float* dt_bias = call.weights[1].f32();
  const auto log_decay = [&](int64_t row, int64_t h, auto load) HWY_ATTR {
    const FloatVector x = hn::Add(load(a.f32(row) + h), load(dt_bias + h));
    return hn::Neg(hn::Mul(hn::Exp(kFloats, load(a_log + h)), softplus(x)));
  };
  for_row_blocks(*call.pool, a.rows, 16 * a.dim, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      float* to = call.outputs[0].f32(row);
      int64_t h = 0;
      for (; h + kLanes <= a.dim; h += kLanes) {
        const auto load = [](const float* from) HWY_ATTR { return hn::LoadU(kFloats, from); };
        hn::StoreU(log_decay(row, h, load), kFloats, to + h);
      }
      const int64_t left = a.dim - h;
      if (left > 0) {
        const auto load = [&](const float* from) HWY_ATTR { return load_tail(from, left); };
        store_tail(log_decay(row, h, load), to + h, left);
      }
      map(call.inputs[1].f32(row), call.outputs[1].f32(row), a.dim,
          [](FloatVector b) HWY_ATTR { return sigmoid(b); });
    }
  });
}

}  // namespace gerbil::kernels::delta_gate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::delta_gate {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::delta_gate
#endif
