#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gated_rms_norm/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/int8_rows-inl.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/simd_norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::gated_rms_norm::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& z = call.inputs[1];
  const TensorView& y = call.outputs[0];
  const float* w = call.weights.empty() ? nullptr : call.weights[0].f32();
  const float eps = call.attributes<graph::GatedRmsNorm>().eps;
  const Int8Rows& codes = call.int8_output;
  for_row_blocks(*call.pool, x.rows, 8 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      for (int64_t head = 0; head < x.heads; ++head) {
        const float* from = x.f32(row, head);
        float* to = y.f32(row, head);
        const float factor = simd::rms_factor(from, x.dim, eps);
        simd::scale(from, factor, w, to, x.dim);
        simd::map(to, z.f32(row, head), to, x.dim,
                  [](FloatVector a, FloatVector b) HWY_ATTR { return hn::Mul(a, simd::silu(b)); });
      }
      if (codes.codes != nullptr) simd::quantize_row(y.f32(row), y.width(), row, codes);
    }
  });
}

}  // namespace gerbil::kernels::gated_rms_norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::gated_rms_norm {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::gated_rms_norm
#endif
