#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gerbil {
namespace {

TEST(Half, EveryFiniteValueSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const Half half{static_cast<uint16_t>(bits)};
    if (std::isnan(to_float(half))) {
      EXPECT_TRUE(std::isnan(to_float(to_half(to_float(half)))));
    } else {
      EXPECT_EQ(to_half(to_float(half)).bits, bits);
    }
  }
}

TEST(Half, RoundsToNearestEvenAndOverflowsToInfinity) {
  EXPECT_EQ(to_half(1.0f + 0x1p-11f).bits, to_half(1.0f).bits);        // a tie goes to even
  EXPECT_EQ(to_half(1.0f + 0x1.8p-10f).bits, to_half(1.0f).bits + 2);  // the next tie goes up
  EXPECT_EQ(to_float(to_half(65504.0f)), 65504.0f);
  EXPECT_EQ(to_float(to_half(65519.9f)), 65504.0f);
  EXPECT_TRUE(std::isinf(to_float(to_half(65520.0f))));
  EXPECT_EQ(to_float(to_half(0x1p-24f)), 0x1p-24f);
  EXPECT_EQ(to_float(to_half(0x1p-25f)), 0.0f);
  EXPECT_EQ(to_float(to_half(0x1.8p-25f)), 0x1p-24f);
}

TEST(BFloat16, RoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(to_bfloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(to_bfloat16(1.0f + 0x1p-8f).bits, 0x3f80);
  EXPECT_EQ(to_bfloat16(1.0f + 0x1.8p-7f).bits, 0x3f82);
  EXPECT_TRUE(std::isnan(to_float(to_bfloat16(std::nanf("")))));
  EXPECT_TRUE(std::isinf(to_float(to_bfloat16(3.4e38f))));
}

}  // namespace
}  // namespace gerbil
