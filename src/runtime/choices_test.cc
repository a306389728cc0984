#include "runtime/choices.h"

#include <gtest/gtest.h>

namespace gerbil::runtime {
namespace {

using backend::WeightChoice;

constexpr uint64_t kGigabyte = 1'000'000'000;

TEST(ChooseWeights, KeepsWhatIsStoredInEightBits) {
  const WeightSizes sizes{
      .parameters = kGigabyte, .stored_bytes = kGigabyte, .q8_bytes = 2 * kGigabyte};
  EXPECT_EQ(choose_weights(sizes, kGigabyte), WeightChoice::kStored);
}

TEST(ChooseWeights, TakesEightBitsWhereTheyAndTheCacheFitInHalfOfTheMemory) {
  const WeightSizes sizes{.parameters = kGigabyte,
                          .stored_bytes = 2 * kGigabyte,
                          .q8_bytes = kGigabyte,
                          .kv_bytes = kGigabyte / 2};
  EXPECT_EQ(choose_weights(sizes, 3 * kGigabyte), WeightChoice::kQ8);
  EXPECT_EQ(choose_weights(sizes, 3 * kGigabyte - 2), WeightChoice::kQ4);
  EXPECT_EQ(choose_weights(sizes, 0), WeightChoice::kQ8);  // unknown
}

}  // namespace
}  // namespace gerbil::runtime
