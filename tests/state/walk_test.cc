// Walks in small numbers, on both backends, and proof that a walk notices mistakes. The ten
// thousand of them are in walk_10000_test.cc.
#include "state/walk.h"

#include <gtest/gtest.h>

#include "state/tiny_model.h"

namespace gerbil::testing {
namespace {

constexpr auto kQ8 = graph::KvType::kQ8;

void expect_walks(const model::Model& model, bool reference, uint32_t count,
                  graph::KvType kv = graph::KvType::kF32) {
  World world(model, reference, kv);
  for (uint32_t seed = 0; seed < count; ++seed) ASSERT_EQ(random_walk(world, seed), "");
}

TEST(Walk, HybridOnTheCpu) { expect_walks(tiny_hybrid(1), false, 60); }
TEST(Walk, WindowOf5OnTheCpu) { expect_walks(tiny_windowed(2, 5), false, 60); }
TEST(Walk, WindowOf40OnTheCpu) { expect_walks(tiny_windowed(3, 40), false, 60); }
TEST(Walk, FullAttentionOnTheCpu) { expect_walks(tiny_full(4), false, 60); }
TEST(Walk, HybridOnTheReference) { expect_walks(tiny_hybrid(1), true, 100); }
TEST(Walk, WindowOf5OnTheReference) { expect_walks(tiny_windowed(2, 5), true, 100); }
TEST(Walk, WindowOf40OnTheReference) { expect_walks(tiny_windowed(3, 40), true, 100); }

TEST(WalkQ8, HybridOnTheCpu) { expect_walks(tiny_hybrid(1), false, 60, kQ8); }
TEST(WalkQ8, WindowOf5OnTheCpu) { expect_walks(tiny_windowed(2, 5), false, 60, kQ8); }
TEST(WalkQ8, WindowOf40OnTheCpu) { expect_walks(tiny_windowed(3, 40), false, 60, kQ8); }
TEST(WalkQ8, FullAttentionOnTheCpu) { expect_walks(tiny_full(4), false, 60, kQ8); }
TEST(WalkQ8, HybridOnTheReference) { expect_walks(tiny_hybrid(1), true, 60, kQ8); }
TEST(WalkQ8, WindowOf40OnTheReference) { expect_walks(tiny_windowed(3, 40), true, 60, kQ8); }

// How many of 50 walks notice a fault.
int noticed(const model::Model& model, Fault fault, graph::KvType kv = graph::KvType::kF32) {
  World world(model, false, kv);
  int count = 0;
  for (uint32_t seed = 0; seed < 50; ++seed)
    if (!random_walk(world, seed, fault).empty()) ++count;
  return count;
}

TEST(WalkFaults, APageThatWasNotCopied) {
  EXPECT_GE(noticed(tiny_hybrid(1), Fault::kCopySkipped), 25);
  EXPECT_GE(noticed(tiny_windowed(2, 5), Fault::kCopySkipped), 25);
  EXPECT_GE(noticed(tiny_windowed(3, 40), Fault::kCopySkipped), 25);
}

TEST(WalkFaults, ASharedPageThatIsWritten) {
  EXPECT_GE(noticed(tiny_hybrid(1), Fault::kSharedPageWritten), 25);
  EXPECT_GE(noticed(tiny_windowed(2, 5), Fault::kSharedPageWritten), 25);
}

TEST(WalkFaults, ThatSpoilPagesOfCodes) {
  EXPECT_GE(noticed(tiny_hybrid(1), Fault::kCopySkipped, kQ8), 25);
  EXPECT_GE(noticed(tiny_windowed(3, 40), Fault::kCopySkipped, kQ8), 25);
  EXPECT_GE(noticed(tiny_windowed(2, 5), Fault::kSharedPageWritten, kQ8), 25);
  EXPECT_GE(noticed(tiny_windowed(3, 40), Fault::kWindowTooNarrow, kQ8), 25);
}

TEST(WalkFaults, AWrongRecurrentState) {
  EXPECT_EQ(noticed(tiny_hybrid(1), Fault::kStateFromZero), 50);
  EXPECT_GE(noticed(tiny_hybrid(1), Fault::kStateOfAnother), 40);
  EXPECT_GE(noticed(tiny_hybrid(1), Fault::kWriteInWrongSlot), 40);
}

TEST(WalkFaults, PagesGivenBackTooEarly) {
  EXPECT_GE(noticed(tiny_windowed(3, 40), Fault::kWindowTooNarrow), 25);
}

}  // namespace
}  // namespace gerbil::testing
