#include "graph/builder.h"

#include <gmock/gmock.h>

#include "graph/print.h"
#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

using testing::FakeWeights;
using ::testing::HasSubstr;

TEST(Builder, GivesAVerifiedGraph) {
  const auto graph = testing::decoder({testing::Mixer::kAttention, testing::Mixer::kWindow,
                                       testing::Mixer::kGatedAttention, testing::Mixer::kDeltaNet});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->states.size(), 5u);
  EXPECT_EQ(graph->ropes.size(), 2u);
}

TEST(Builder, NamesAMissingTensorByItsStoredNameAndTheScope) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add_absent("layers.0.norm");
  Builder builder(weights.map());
  const Value x = builder.root().embed("embed", 10, 8);
  (builder.root() / "layers" / "0").rms_norm("norm", x, 1e-6F);
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(graph.error().message,
            "tensor \"stored.layers.0.norm\" is missing from the checkpoint (in layers.0)");
}

TEST(Builder, NamesAMisshapenTensorByFileAndStoredName) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add("head", {{10, 9}});
  Builder builder(weights.map());
  builder.root().linear("head", builder.root().embed("embed", 10, 8), 10);
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(graph.error().message,
            "fake.safetensors: tensor \"stored.head\": expected shape [10, 8], found [10, 9]");
}

TEST(Builder, NamesTheMisshapenPartOfASplit) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add("qkv", {{8, 8}, {4, 8}, {8, 8}});
  Builder builder(weights.map());
  builder.root().linear_split("qkv", builder.root().embed("embed", 10, 8), {2, 1, 1}, 4);
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message,
            "fake.safetensors: tensor \"stored.qkv.2\": expected shape [4, 8], found [8, 8]");
}

TEST(Builder, SaysWhichRoleHasNoName) {
  FakeWeights weights;
  Builder builder(weights.map());
  builder.root().embed("embed", 10, 8);
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kInternal);
  EXPECT_EQ(graph.error().message, "no stored name is known for weight \"embed\"");
}

TEST(Builder, KeepsTheFirstError) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add_absent("first").add_absent("second");
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("embed", 10, 8);
  const Value broken = s.rms_norm("first", x, 1e-6F);
  EXPECT_LT(broken.id, 0);
  // Everything after it does nothing, whatever it is given.
  EXPECT_LT(s.rms_norm("second", x, 1e-6F).id, 0);
  EXPECT_LT(s.linear("nothing", broken, 4).id, 0);
  EXPECT_LT(s.delta_gate(broken, broken).g.id, 0);
  EXPECT_LT(s.rope(broken, make_rope(4, 10000)).id, 0);
  EXPECT_LT(s.sample(s.gather_wanted(broken)).id, 0);
  for (Value piece : s.linear_split("nothing", broken, {1, 2}, 4)) EXPECT_LT(piece.id, 0);
  s.tap("broken", broken);
  s.error({ErrorCode::kUnsupported, "an error of the caller"});
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("stored.first"));
}

TEST(Builder, GivesTheCallersErrorWithItsScope) {
  FakeWeights weights;
  Builder builder(weights.map());
  (builder.root() / "layers").error({ErrorCode::kUnsupported, "no such activation"});
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(graph.error().message, "no such activation (in layers)");
}

TEST(Builder, VerifiesWhatItBuilt) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("embed", 10, 8);
  s.tap("sum", s.add(x, s.slice_dims(x, 0, 4)));
  const auto graph = builder.finish();
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("graph node 2, add: input %2"));
}

TEST(Builder, AddsABiasWhereTheCheckpointHasOne) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add("plain", {{4, 8}}).add_absent("plain.bias");
  weights.add("biased", {{4, 8}}).add("biased.bias", {{4}});
  weights.add("qkv", {{8, 8}, {4, 8}}).add("qkv.bias", {{8}, {4}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  EXPECT_FALSE(s.has("plain.bias"));
  EXPECT_TRUE(s.has("biased.bias"));
  EXPECT_FALSE(s.has("unheard_of"));
  const Value x = s.embed("embed", 10, 8);
  s.linear("plain", x, 4);
  s.linear("biased", x, 4);
  s.linear_split("qkv", x, {2, 1}, 4);
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes[1].weights.size(), 1u);
  EXPECT_EQ(graph->nodes[2].weights.size(), 2u);
  ASSERT_EQ(graph->nodes[3].weights.size(), 2u);
  const Weight& bias = graph->weights[static_cast<size_t>(graph->nodes[3].weights[1])];
  EXPECT_EQ(bias.shape, tensor::Shape{12});
  EXPECT_EQ(bias.use, WeightUse::kVector);
}

TEST(Builder, SharesInputsAndWeightsThatAreNamedTwice) {
  FakeWeights weights;
  weights.add("embed", {{8, 8}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("embed", 8, 8);
  const RopeSpec spec = make_rope(8, 10000);
  const Value turned = s.rope(s.rope(x, spec), spec);
  s.tap("y", s.linear("embed", s.rope(turned, make_rope(4, 10000)), 8));
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->weights.size(), 1u);
  EXPECT_EQ(graph->weights[0].use, WeightUse::kTable);
  EXPECT_EQ(graph->ropes.size(), 2u);
}

TEST(Builder, ReadsTheStateOfAnotherLayer) {
  FakeWeights weights;
  weights.add("embed", {{8, 8}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value q = s.reshape(s.embed("embed", 8, 8), 2, 4);
  const StateId state = s.kv_state("kv", 2, 4);
  const Value first = s.attend(q, q, q, {.state = state});
  s.tap("y", s.attend(first, {}, {}, {.state = state}));
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->nodes.back().inputs.size(), 1u);
}

Result<Graph> sparse_layer(const FakeWeights& weights, int64_t experts) {
  Builder builder(weights.map());
  const Scope root = builder.root();
  const Value x = root.embed("embed", 10, 8);
  const Value logits = root.linear("router", x, experts);
  const Value y = root.experts("experts", x, root.route(logits, 1, true), experts, 6);
  const Value gate = root.sigmoid(root.linear("gate", x, 1));
  root.tap("y", root.scale_rows(y, gate));
  return builder.finish();
}

FakeWeights sparse_weights(uint64_t experts) {
  FakeWeights weights;
  weights.add("embed", {{10, 8}}).add("router", {{experts, 8}}).add("gate", {{1, 8}});
  return weights;
}

TEST(Builder, TakesExpertsWholeOrOneByOne) {
  for (const uint64_t experts : {1, 3}) {
    FakeWeights whole = sparse_weights(experts);
    whole.add("experts.gate_up", {{experts, 12, 8}}).add("experts.down", {{experts, 8, 6}});
    FakeWeights single = sparse_weights(experts);
    single.add("experts.gate_up", std::vector<tensor::Shape>(2 * experts, {6, 8}))
        .add("experts.down", std::vector<tensor::Shape>(experts, {8, 6}));
    const auto a = sparse_layer(whole, static_cast<int64_t>(experts));
    const auto b = sparse_layer(single, static_cast<int64_t>(experts));
    ASSERT_TRUE(a) << a.error().message;
    ASSERT_TRUE(b) << b.error().message;
    EXPECT_EQ(print(*a), print(*b));
    if (experts == 3) {
      EXPECT_THAT(print(*a), HasSubstr(R"(
%2 [R, 1, 3] = linear(%1, router[3, 8])
%3 [R, 1, 1] I32, %4 [R, 1, 1] = route(%2) top_k=1 normalise
%5 [R, 1, 8] = experts(%1, %3, %4, experts.gate_up[3, 12, 8], experts.down[3, 8, 6])
)"));
    }
  }
}

TEST(Builder, NamesAMisshapenExpert) {
  FakeWeights weights = sparse_weights(2);
  weights.add("experts.gate_up", {{6, 8}, {6, 8}, {6, 8}, {5, 8}});
  EXPECT_EQ(sparse_layer(weights, 2).error().message,
            "fake.safetensors: tensor \"stored.experts.gate_up.3\": expected shape [6, 8], found "
            "[5, 8]");
  weights.add("experts.gate_up", {{2, 12, 9}});
  EXPECT_EQ(sparse_layer(weights, 2).error().message,
            "fake.safetensors: tensor \"stored.experts.gate_up\": expected shape [2, 12, 8], found "
            "[2, 12, 9]");
}

}  // namespace
}  // namespace gerbil::graph
