#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/l2_norm/cpu.cc"
#include <cmath>

#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/simd_norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::l2_norm::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const graph::L2Norm& norm = call.attributes<graph::L2Norm>();
  for_row_blocks(*call.pool, x.rows, 2 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row)
      for (int64_t head = 0; head < x.heads; ++head) {
        const float* from = x.f32(row, head);
        const float length = std::sqrt(simd::sum_of_squares(from, x.dim) + norm.eps);
        simd::scale(from, norm.scale / length, nullptr, y.f32(row, head), x.dim);
      }
  });
}

}  // namespace gerbil::kernels::l2_norm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::l2_norm {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::l2_norm
#endif
