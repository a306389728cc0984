#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rope/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/simd_rope-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::rope::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& table = call.inputs[1];
  const TensorView& y = call.outputs[0];
  const int64_t rotary_dim = call.attributes<graph::Rope>().rotary_dim;
  for_row_blocks(*call.pool, x.rows, 2 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row)
      for (int64_t head = 0; head < x.heads; ++head) {
        const float* from = x.f32(row, head);
        float* to = y.f32(row, head);
        simd::rotate(from, table.f32(row), to, rotary_dim / 2);
        std::copy(from + rotary_dim, from + x.dim, to + rotary_dim);
      }
  });
}

}  // namespace gerbil::kernels::rope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::rope {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::rope
#endif
