#include "graph/passes/int8_rows.h"

#include <gtest/gtest.h>

#include "graph/batch.h"
#include "graph/passes/fuse.h"
#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

using testing::Mixer;

Capabilities norms_and_gates() {
  Capabilities writers;
  writers.ops.set(kOpKindOf<RmsNorm>);
  writers.ops.set(kOpKindOf<AddRmsNorm>);
  writers.ops.set(kOpKindOf<GatedRmsNorm>);
  writers.ops.set(kOpKindOf<SiluMul>);
  return writers;
}

// How many products of a decoder find their input so.
int64_t served(std::vector<Mixer> layers, const Capabilities& writers) {
  const auto graph = testing::decoder(layers);
  EXPECT_TRUE(graph) << graph.error().message;
  const Graph ready = fuse(*graph, testing::everything());
  const std::vector<ValueId> found = find_int8_rows(ready, writers);
  int64_t count = 0;
  for (const Node& node : ready.nodes) {
    if (!std::holds_alternative<Linear>(node.op)) continue;
    const ValueId written = found[static_cast<size_t>(node.inputs[0])];
    if (written < 0) continue;
    ++count;
    EXPECT_EQ(found[static_cast<size_t>(written)], written);
    EXPECT_EQ(ready.shape(written).width(), ready.shape(node.inputs[0]).width());
  }
  return count;
}

TEST(FindInt8Rows, OfAnAttentionLayerAllButTheProductBehindAttention) {
  EXPECT_EQ(served({Mixer::kAttention}, norms_and_gates()), 4);  // qkv, gate, up, down
}

TEST(FindInt8Rows, ThroughTheReshapeBehindTheOutputNormOfADeltaNet) {
  const int64_t all = served({Mixer::kDeltaNet}, norms_and_gates());
  Capabilities fewer = norms_and_gates();
  fewer.ops.reset(kOpKindOf<GatedRmsNorm>);
  EXPECT_EQ(served({Mixer::kDeltaNet}, fewer), all - 1);
}

TEST(FindInt8Rows, NoneWithoutWriters) { EXPECT_EQ(served({Mixer::kAttention}, {}), 0); }

// A product of a part of each row, and one of the sum that add_rms_norm leaves first.
TEST(FindInt8Rows, OnlyWholeRowsOfTheLastOutput) {
  testing::FakeWeights weights;
  weights.add("embed", {{10, 64}}).add("norm", {{64}}).add("half", {{8, 32}}).add("sum", {{8, 64}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("embed", 10, 64);
  const Value sum = s.add(x, x);
  const Value normed = s.rms_norm("norm", sum, 1e-6f);
  s.tap("half", s.linear("half", s.slice_dims(normed, 0, 32), 8));
  s.tap("sum", s.linear("sum", sum, 8));
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  const Graph ready = fuse(*graph, testing::everything());
  for (const ValueId id : find_int8_rows(ready, norms_and_gates())) EXPECT_EQ(id, -1);
}

}  // namespace
}  // namespace gerbil::graph
