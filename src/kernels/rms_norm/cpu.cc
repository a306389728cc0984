#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rms_norm/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/int8_rows-inl.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/simd_norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::rms_norm::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const float* w = call.weights.empty() ? nullptr : call.weights[0].f32();
  const float eps = call.attributes<graph::RmsNorm>().eps;
  const Int8Rows& codes = call.int8_output;
  for_row_blocks(*call.pool, x.rows, 2 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      for (int64_t head = 0; head < x.heads; ++head) {
        const float* from = x.f32(row, head);
        const float factor = simd::rms_factor(from, x.dim, eps);
        simd::scale(from, factor, w, y.f32(row, head), x.dim);
      }
      if (codes.codes != nullptr) simd::quantize_row(y.f32(row), y.width(), row, codes);
    }
  });
}

}  // namespace gerbil::kernels::rms_norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::rms_norm {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::rms_norm
#endif
