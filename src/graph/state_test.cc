#include "graph/state.h"

#include <gtest/gtest.h>

namespace gerbil::graph {
namespace {

TEST(StateLayout, SharesPoolsOfEqualGeometryAndPacksSlots) {
  Graph graph;
  graph.states = {{"conv.0", RecurrentState{{10, 4}}},     // 40 floats, padded to 48
                  {"kv.1", KvState{2, 16, 0}},             // pool 0
                  {"delta.0", RecurrentState{{2, 8, 8}}},  // 128
                  {"kv.2", KvState{2, 32, 0}},             // pool 1
                  {"kv.3", KvState{2, 16, 512}},           // pool 0: a window changes no page
                  {"conv.4", RecurrentState{{1}}}};
  const StateLayout layout = make_state_layout(graph);

  ASSERT_EQ(layout.pools.size(), 2u);
  EXPECT_EQ(layout.pools[0].page_elements(), 2 * 2 * 32 * 16);
  EXPECT_EQ(layout.pools[1].page_elements(), 2 * 2 * 32 * 32);
  EXPECT_EQ(layout.pools[1].page_bytes(KvType::kF32), 16384u);
  EXPECT_EQ(layout.pools[1].page_bytes(KvType::kF16), 8192u);
  EXPECT_EQ(layout.pools[1].page_bytes(KvType::kQ8), 4096u + 2 * 2 * 32 * 2);  // a scale each
  EXPECT_EQ(layout.pools[0].page_bytes(KvType::kQ8), 2048u + 2 * 2 * 32 * 2);  // of half a group

  ASSERT_EQ(layout.kv.size(), 3u);
  EXPECT_EQ(layout.kv[0].state, 1);
  EXPECT_EQ(layout.kv[1].state, 3);
  EXPECT_EQ(layout.kv[2].state, 4);
  EXPECT_EQ(layout.kv[0].pool, 0);
  EXPECT_EQ(layout.kv[1].pool, 1);
  EXPECT_EQ(layout.kv[2].pool, 0);
  EXPECT_EQ(layout.kv[0].window, 0);
  EXPECT_EQ(layout.kv[2].window, 512);

  ASSERT_EQ(layout.recurrent.size(), 3u);
  EXPECT_EQ(layout.recurrent[0].elements, 40);
  EXPECT_EQ(layout.recurrent[0].offset, 0);
  EXPECT_EQ(layout.recurrent[1].offset, 48);
  EXPECT_EQ(layout.recurrent[2].offset, 176);
  EXPECT_EQ(layout.recurrent[2].state, 5);
  EXPECT_EQ(layout.slot_elements, 192);

  EXPECT_EQ(layout.number, (std::vector<int32_t>{0, 0, 1, 1, 2, 2}));
  EXPECT_TRUE(layout.has_recurrent());
}

TEST(StateLayout, IsEmptyWithoutStates) {
  const StateLayout layout = make_state_layout({});
  EXPECT_TRUE(layout.pools.empty() && layout.kv.empty() && layout.number.empty());
  EXPECT_EQ(layout.slot_elements, 0);
  EXPECT_FALSE(layout.has_recurrent());
}

}  // namespace
}  // namespace gerbil::graph
