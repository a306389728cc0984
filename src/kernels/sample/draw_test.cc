#include "kernels/sample/draw.h"

#include <gtest/gtest.h>

namespace gerbil::kernels::sample {
namespace {

using Words = std::array<uint32_t, 4>;

// The known answers that Random123 1.09 ships for philox4x32-10.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffffu;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, kOnes, kOnes),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, UsesAllBitsOfSeedAndPosition) {
  const uint32_t word = random_word({.seed = 5, .position = 7});
  EXPECT_EQ(word, philox({7, 0, 0, 0}, 5, 0)[0]);
  EXPECT_NE(word, random_word({.seed = 5 + (uint64_t{1} << 32), .position = 7}));
  EXPECT_NE(word, random_word({.seed = 5, .position = 7 + (uint64_t{1} << 32)}));
}

TEST(Weight, IsAPowerOfTwoWithinItsBound) {
  EXPECT_EQ(weight(0), kWeightOne);
  EXPECT_EQ(weight(1), kWeightOne / 2);
  EXPECT_EQ(weight(31), 1u);
  EXPECT_EQ(weight(32), 0u);
  EXPECT_EQ(weight(INFINITY), 0u);
  EXPECT_EQ(weight(NAN), 0u);
  for (float d = 0; d < 8; d += 0x1p-12f) {
    const double exact = std::exp2(31.0 - static_cast<double>(d));
    EXPECT_NEAR(weight(d), exact, 1 + exact * 5e-9) << d;
  }
}

TEST(Weight, FallsWithDistance) {
  uint32_t last = weight(0);
  for (uint32_t bits = 0; bits < 1u << 22; bits += 3) {  // 0 to 4 in steps of 2^-20
    const uint32_t here = weight(static_cast<float>(bits) * 0x1p-20f);
    ASSERT_LE(here, last) << bits;
    last = here;
  }
}

TEST(PartOf, RoundsDown) {
  EXPECT_EQ(part_of(10, uint64_t{1} << 32), 10u);
  EXPECT_EQ(part_of(10, uint64_t{1} << 31), 5u);
  EXPECT_EQ(part_of(10, (uint64_t{1} << 31) - 1), 4u);
  EXPECT_EQ(part_of(uint64_t{3} << 40, 0xffffffffu), (uint64_t{3} << 40) - (uint64_t{3} << 8));
}

}  // namespace
}  // namespace gerbil::kernels::sample
