#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/add_rms_norm/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/int8_rows-inl.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/simd_norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::add_rms_norm::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.inputs[1];
  const TensorView& sum = call.outputs[0];
  const TensorView& normed = call.outputs[1];
  const float* w = call.weights.empty() ? nullptr : call.weights[0].f32();
  const float eps = call.attributes<graph::AddRmsNorm>().eps;
  const Int8Rows& codes = call.int8_output;
  for_row_blocks(*call.pool, x.rows, 4 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      for (int64_t head = 0; head < x.heads; ++head) {
        float* s = sum.f32(row, head);
        simd::map(x.f32(row, head), y.f32(row, head), s, x.dim,
                  [](FloatVector a, FloatVector b) HWY_ATTR { return hn::Add(a, b); });
        const float factor = simd::rms_factor(s, x.dim, eps);
        simd::scale(s, factor, w, normed.f32(row, head), x.dim);
      }
      if (codes.codes != nullptr) simd::quantize_row(normed.f32(row), x.width(), row, codes);
    }
  });
}

}  // namespace gerbil::kernels::add_rms_norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::add_rms_norm {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::add_rms_norm
#endif
