#include "graph/patches.h"

#include <gtest/gtest.h>

#include <numeric>

namespace gerbil::graph {
namespace {

TEST(Patches, StandInTheOrderOfMergedSquares) {
  const PatchGroup group{.rows = 4, .columns = 6};
  const std::vector<std::pair<int, int>> expected = {
      {0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3},
      {0, 4}, {0, 5}, {1, 4}, {1, 5}, {2, 0}, {2, 1}, {3, 0}, {3, 1},
      {2, 2}, {2, 3}, {3, 2}, {3, 3}, {2, 4}, {2, 5}, {3, 4}, {3, 5}};
  ASSERT_EQ(group.patches(), std::ssize(expected));
  for (size_t i = 0; i < expected.size(); ++i) {
    const PatchPlace place = place_of(group, 2, static_cast<int64_t>(i));
    EXPECT_EQ(std::pair(place.row, place.column), std::pair(expected[i])) << i;
  }
}

TEST(Patches, CornersOfTheTableMeetThoseOfTheGroup) {
  const PatchGroup group{.rows = 6, .columns = 4};
  const auto only = [&](const PatchPlace& place) {
    const TableTaps taps = table_taps(12, group, place);
    for (size_t i = 0; i < taps.factors.size(); ++i)
      if (taps.factors[i] == 1.0F) return taps.ids[i];
    return -1;
  };
  EXPECT_EQ(only({0, 0}), 0);
  EXPECT_EQ(only({0, 3}), 11);
  EXPECT_EQ(only({5, 0}), 132);
  EXPECT_EQ(only({5, 3}), 143);
}

TEST(Patches, BetweenThemTheTableIsBilinear) {
  // Row 1 of 6 lies at 11/5 = 2.2, column 1 of 4 at 11/3 = 3.67.
  const TableTaps taps = table_taps(12, {.rows = 6, .columns = 4}, {1, 1});
  EXPECT_EQ(taps.ids, (std::array<int32_t, 4>{27, 28, 39, 40}));
  const std::array<double, 4> expected = {0.8 / 3, 0.8 * 2 / 3, 0.2 / 3, 0.2 * 2 / 3};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(taps.factors[i], expected[i], 1e-6) << i;
}

TEST(Patches, OneRowReadsTheFirstOfTheTable) {
  const TableTaps taps = table_taps(12, {.rows = 1, .columns = 1}, {0, 0});
  EXPECT_EQ(taps.ids[0], 0);
  EXPECT_EQ(taps.factors[0], 1.0F);
}

TEST(Patches, EveryPatchReadsTheTableAlone) {
  for (const int64_t side : {1, 2, 12, 48})
    for (const PatchGroup group : {PatchGroup{2, 2}, {48, 48}, {2, 90}, {7, 3}})
      for (int32_t row = 0; row < group.rows; ++row)
        for (int32_t column = 0; column < group.columns; ++column) {
          const TableTaps taps = table_taps(side, group, {row, column});
          for (const int32_t id : taps.ids) ASSERT_TRUE(id >= 0 && id < side * side);
          ASSERT_NEAR(std::accumulate(taps.factors.begin(), taps.factors.end(), 0.0), 1, 1e-6);
        }
}

}  // namespace
}  // namespace gerbil::graph
