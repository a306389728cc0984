#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/scale_rows/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::scale_rows::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& scales = call.inputs[1];
  const TensorView& y = call.outputs[0];
  for_row_blocks(*call.pool, y.rows, 2 * y.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      const simd::FloatVector scale = hn::Set(simd::kFloats, *scales.f32(row));
      for (int64_t head = 0; head < y.heads; ++head)
        simd::map(x.f32(row, head), y.f32(row, head), y.dim,
                  [&](simd::FloatVector v) HWY_ATTR { return hn::Mul(v, scale); });
    }
  });
}

}  // namespace gerbil::kernels::scale_rows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::scale_rows {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::scale_rows
#endif
