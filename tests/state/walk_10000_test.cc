// The promise of docs/architecture.md, "State": ten thousand random walks over a tiny hybrid and a
// tiny windowed model.
#include <gtest/gtest.h>

#include "state/tiny_model.h"
#include "state/walk.h"

namespace gerbil::testing {
namespace {

// 5000 + 2500 + 2500 walks in parts of 250, so that ctest's shards can share them out.
constexpr uint32_t kPart = 250;

class TenThousandWalks : public ::testing::TestWithParam<uint32_t> {};

void walk(const model::Model& model, uint32_t first_seed) {
  World world(model, false);
  for (uint32_t seed = first_seed; seed < first_seed + kPart; ++seed)
    ASSERT_EQ(random_walk(world, seed), "");
}

TEST_P(TenThousandWalks, OverAHybrid) {
  walk(tiny_hybrid(11), 2 * kPart * GetParam());
  walk(tiny_hybrid(12), 2 * kPart * GetParam() + kPart);
}
TEST_P(TenThousandWalks, BehindAWindowOf5) { walk(tiny_windowed(13, 5), kPart * GetParam()); }
TEST_P(TenThousandWalks, BehindAWindowOf40) { walk(tiny_windowed(14, 40), kPart * GetParam()); }

INSTANTIATE_TEST_SUITE_P(Part, TenThousandWalks, ::testing::Range(0U, 10U));

}  // namespace
}  // namespace gerbil::testing
