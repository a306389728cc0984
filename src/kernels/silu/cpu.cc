#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/silu/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd_elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::silu::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;

void run(const Call& call) {
  simd::map_view(call, 4, [](simd::FloatVector a) HWY_ATTR { return simd::silu(a); });
}

}  // namespace gerbil::kernels::silu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::silu {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::silu
#endif
