#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/interpolate/cpu.cc"
#include "base/check.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::interpolate::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

constexpr int64_t kTaps = 4;

void mix(const WeightView& table, const int32_t* ids, const float* factors, float* to, int64_t n) {
  const float* from[kTaps];
  FloatVector parts[kTaps];
#pragma GCC unroll 4
  for (int64_t tap = 0; tap < kTaps; ++tap) {
    GERBIL_ASSERT(ids[tap] >= 0 && ids[tap] < table.rows);
    from[tap] = table.f32() + ids[tap] * table.columns;
    parts[tap] = hn::Set(kFloats, factors[tap]);
  }
  const auto sum = [&](auto load) HWY_ATTR {
    FloatVector total = hn::Mul(parts[0], load(from[0]));
#pragma GCC unroll 3
    for (int64_t tap = 1; tap < kTaps; ++tap)
      total = hn::MulAdd(parts[tap], load(from[tap]), total);
    return total;
  };
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    hn::StoreU(sum([i](const float* at) HWY_ATTR { return hn::LoadU(kFloats, at + i); }), kFloats,
               to + i);
  if (i < n)
    store_tail(sum([i, n](const float* at) HWY_ATTR { return load_tail(at + i, n - i); }), to + i,
               n - i);
}

}  // namespace

void run(const Call& call) {
  const TensorView& ids = call.inputs[0];
  const TensorView& factors = call.inputs[1];
  const TensorView& y = call.outputs[0];
  for_row_blocks(*call.pool, y.rows, 5 * y.dim, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row)
      mix(call.weights[0], ids.i32(row), factors.f32(row), y.f32(row), y.dim);
  });
}

}  // namespace gerbil::kernels::interpolate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::interpolate {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::interpolate
#endif
