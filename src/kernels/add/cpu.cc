#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/add/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd_elementwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::add::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;

void run(const Call& call) {
  simd::map_views(call, 1,
                  [](simd::FloatVector a, simd::FloatVector b) HWY_ATTR { return hn::Add(a, b); });
}

}  // namespace gerbil::kernels::add::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::add {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::add
#endif
