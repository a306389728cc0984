#include "graph/passes/dead.h"

#include <gtest/gtest.h>

#include "graph/print.h"
#include "graph/testing/blocks.h"
#include "graph/verify.h"

namespace gerbil::graph {
namespace {

TEST(DropDead, KeepsWhatIsNeededAndNumbersItInOrder) {
  testing::FakeWeights weights;
  weights.add("x", {{10, 8}}).add("unused", {{8, 8}}).add("y", {{8, 8}}).add("conv1d", {{8, 1, 3}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const StateId unused_state = s.recurrent_state("delta", {1, 2, 3});
  const StateId state = s.recurrent_state("conv", {8, 3});
  EXPECT_EQ(unused_state, 0);
  const Value x = s.embed("x", 10, 8);
  const Value dead = s.linear("unused", x, 8);
  s.silu(s.rope(dead, make_rope(8, 10000)));
  const Value y = s.linear("y", x, 8);
  s.conv1d("conv1d", y, 3, state);  // keeps its state
  s.tap("z", s.rope(y, make_rope(8, 20000)));
  s.sample(s.gather_wanted(y));  // is an answer
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;

  const Graph result = drop_dead(*graph);
  const Status status = verify(result);
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(print(result),
            "input %token [R, 1, 1] I32\n"
            "input %rope0 [R, 1, 8]\n"
            "state delta: [1, 2, 3]\n"
            "state conv: [8, 3]\n"
            "%1 [R, 1, 8] = embed(%token, x[10, 8])\n"
            "%2 [R, 1, 8] = linear(%1, y[8, 8])\n"
            "%3 [R, 1, 8] = conv1d(%2, conv1d[8, 3]; conv) kernel=3\n"
            "%5 [R, 1, 8] = rope(%2, %rope0) rotary_dim=8\n"
            "%6 [W, 1, 8] = gather_rows(%2)\n"
            "%7 [W, 1, 1] I32 = sample(%6)\n"
            "tap z = %5\n");
  EXPECT_EQ(result.weights.size(), 3u);
  ASSERT_EQ(result.ropes.size(), 1u);
  EXPECT_EQ(result.ropes[0], make_rope(8, 20000));
  EXPECT_EQ(print(drop_dead(result)), print(result));
}

TEST(DropDead, LeavesNothingOfAGraphThatNobodyNeeds) {
  testing::FakeWeights weights;
  weights.add("x", {{10, 8}});
  Builder builder(weights.map());
  builder.root().silu(builder.root().embed("x", 10, 8));
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  const Graph result = drop_dead(*graph);
  EXPECT_TRUE(result.nodes.empty() && result.values.empty() && result.weights.empty());
}

}  // namespace
}  // namespace gerbil::graph
