#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dispatch_test.cc"
#include "kernels/dispatch.h"

#include <gtest/gtest.h>

#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

int64_t lanes() { return kLanes; }

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels {
namespace {

using platform::Isa;

GERBIL_EXPORT(lanes);

TEST(Dispatch, RunsTheCopyOfTheLevel) {
#if defined(__x86_64__)
  EXPECT_LE(lanes_for[Isa::kBaseline](), 4);
  if (platform::supports(Isa::kSse4)) {
    EXPECT_EQ(lanes_for[Isa::kSse4](), 4);
  }
  if (platform::supports(Isa::kAvx2)) {
    EXPECT_EQ(lanes_for[Isa::kAvx2](), 8);
  }
  if (platform::supports(Isa::kAvx512)) {
    EXPECT_EQ(lanes_for[Isa::kAvx512](), 16);
  }
#else
  for (const Isa isa : platform::supported_isas()) EXPECT_EQ(lanes_for[isa](), 4);
#endif
}

TEST(Dispatch, FallsBackOnTheBestCopyBelow) {
  constexpr const char* kBaseline = "baseline";
  constexpr const char* kAvx2 = "avx2";
  constexpr auto table = per_isa<const char*>(kBaseline, nullptr, kAvx2, nullptr);
  EXPECT_EQ(table[Isa::kBaseline], kBaseline);
  EXPECT_EQ(table[Isa::kSse4], kBaseline);
  EXPECT_EQ(table[Isa::kAvx2], kAvx2);
  EXPECT_EQ(table[Isa::kAvx512], kAvx2);
  EXPECT_EQ(table[Isa::kNeonDot], kBaseline);
}

}  // namespace
}  // namespace gerbil::kernels
#endif
