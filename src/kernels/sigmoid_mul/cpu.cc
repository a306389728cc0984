#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sigmoid_mul/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd_elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::sigmoid_mul::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;

void run(const Call& call) {
  simd::map_views(call, 4, [](simd::FloatVector a, simd::FloatVector b) HWY_ATTR {
    return hn::Mul(a, simd::sigmoid(b));
  });
}

}  // namespace gerbil::kernels::sigmoid_mul::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::sigmoid_mul {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::sigmoid_mul
#endif
