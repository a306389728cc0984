#include "graph/passes/fuse.h"

#include <gmock/gmock.h>

#include "graph/passes/decompose.h"
#include "graph/print.h"
#include "graph/testing/blocks.h"
#include "graph/testing/same_meaning.h"
#include "graph/verify.h"

namespace gerbil::graph {
namespace {

using testing::everything;
using ::testing::HasSubstr;
using testing::Mixer;
using testing::same_meaning;

Graph must(Result<Graph> graph) {
  if (graph) return *std::move(graph);
  ADD_FAILURE() << graph.error().message;
  return {};
}

Graph fused(const Graph& graph, const Capabilities& capabilities = everything()) {
  Graph result = fuse(graph, capabilities);
  const Status status = verify(result);
  EXPECT_TRUE(status) << status.error().message << "\n" << print(result);
  return result;
}

template <class T>
int64_t count(const Graph& graph) {
  return std::ranges::count_if(graph.nodes,
                               [](const Node& node) { return std::holds_alternative<T>(node.op); });
}

// ---- whole blocks, with every fused operation at hand

TEST(Fuse, Qwen3Block) {
  const Graph graph = must(testing::decoder({Mixer::kAttention}));
  EXPECT_EQ(print(fused(graph)), R"(input %token [R, 1, 1] I32
input %rope0 [R, 1, 16]
state kv.0: kv_heads=2 head_dim=16 window=0
%1 [R, 1, 64] = embed(%token, embed[100, 64])
%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06  // layers.0
%3 [R, 1, 128] = linear(%2, layers.0.mixer.qkv[128, 64])  // layers.0.mixer
%4 [R, 1, 64] = slice(%3) heads=0+1 dims=0+64  // layers.0.mixer
%5 [R, 1, 32] = slice(%3) heads=0+1 dims=64+32  // layers.0.mixer
%6 [R, 1, 32] = slice(%3) heads=0+1 dims=96+32  // layers.0.mixer
%7 [R, 4, 16] = reshape(%4)  // layers.0.mixer
%8 [R, 2, 16] = reshape(%5)  // layers.0.mixer
%9 [R, 2, 16] = reshape(%6)  // layers.0.mixer
%11 [R, 4, 16] = rms_norm_rope(%7, %rope0, layers.0.mixer.q_norm[16]) eps=1e-06 rotary_dim=16  // layers.0.mixer
%12 [R, 2, 16] = rms_norm_rope(%8, %rope0, layers.0.mixer.k_norm[16]) eps=1e-06 rotary_dim=16  // layers.0.mixer
%13 [R, 4, 16] = attend(%11, %12, %9; kv.0) scale=0.25 window=0  // layers.0.mixer
%14 [R, 1, 64] = reshape(%13)  // layers.0.mixer
%15 [R, 1, 64] = linear(%14, layers.0.mixer.out[64, 64])  // layers.0.mixer
%16 [R, 1, 64], %17 [R, 1, 64] = add_rms_norm(%1, %15, layers.0.post_norm[64]) eps=1e-06  // layers.0
%18 [R, 1, 96] = linear(%17, layers.0.mlp.gate[96, 64])  // layers.0.mlp
%19 [R, 1, 96] = linear(%17, layers.0.mlp.up[96, 64])  // layers.0.mlp
%20 [R, 1, 96] = silu_mul(%18, %19)  // layers.0.mlp
%21 [R, 1, 64] = linear(%20, layers.0.mlp.down[64, 96])  // layers.0.mlp
%22 [R, 1, 64], %23 [R, 1, 64] = add_rms_norm(%16, %21, norm[64]) eps=1e-06  // layers.0
%24 [W, 1, 64] = gather_rows(%23)
%25 [W, 1, 100] = linear(%24, embed[100, 64])
%26 [W, 1, 1] I32 = sample(%25)
tap logits = %25
)");
}

TEST(Fuse, GatedAttentionBlock) {
  const Graph graph = must(testing::decoder({Mixer::kGatedAttention}));
  EXPECT_EQ(print(fused(graph)), R"(input %token [R, 1, 1] I32
input %rope0 [R, 1, 8]
state kv.0: kv_heads=2 head_dim=16 window=0
%1 [R, 1, 64] = embed(%token, embed[100, 64])
%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06  // layers.0
%3 [R, 1, 128] = linear(%2, layers.0.mixer.q[128, 64])  // layers.0.mixer
%4 [R, 4, 32] = reshape(%3)  // layers.0.mixer
%5 [R, 4, 16] = slice(%4) heads=0+4 dims=0+16  // layers.0.mixer
%6 [R, 4, 16] = slice(%4) heads=0+4 dims=16+16  // layers.0.mixer
%7 [R, 1, 32] = linear(%2, layers.0.mixer.k[32, 64])  // layers.0.mixer
%8 [R, 2, 16] = reshape(%7)  // layers.0.mixer
%9 [R, 1, 32] = linear(%2, layers.0.mixer.v[32, 64])  // layers.0.mixer
%10 [R, 2, 16] = reshape(%9)  // layers.0.mixer
%12 [R, 4, 16] = rms_norm_rope(%5, %rope0, layers.0.mixer.q_norm[16]) eps=1e-06 rotary_dim=8  // layers.0.mixer
%13 [R, 2, 16] = rms_norm_rope(%8, %rope0, layers.0.mixer.k_norm[16]) eps=1e-06 rotary_dim=8  // layers.0.mixer
%14 [R, 4, 16] = attend(%12, %13, %10; kv.0) scale=0.25 window=0  // layers.0.mixer
%15 [R, 4, 16] = sigmoid_mul(%14, %6)  // layers.0.mixer
%16 [R, 1, 64] = reshape(%15)  // layers.0.mixer
%17 [R, 1, 64] = linear(%16, layers.0.mixer.out[64, 64])  // layers.0.mixer
%18 [R, 1, 64], %19 [R, 1, 64] = add_rms_norm(%1, %17, layers.0.post_norm[64]) eps=1e-06  // layers.0
%20 [R, 1, 96] = linear(%19, layers.0.mlp.gate[96, 64])  // layers.0.mlp
%21 [R, 1, 96] = linear(%19, layers.0.mlp.up[96, 64])  // layers.0.mlp
%22 [R, 1, 96] = silu_mul(%20, %21)  // layers.0.mlp
%23 [R, 1, 64] = linear(%22, layers.0.mlp.down[64, 96])  // layers.0.mlp
%24 [R, 1, 64], %25 [R, 1, 64] = add_rms_norm(%18, %23, norm[64]) eps=1e-06  // layers.0
%26 [W, 1, 64] = gather_rows(%25)
%27 [W, 1, 100] = linear(%26, embed[100, 64])
%28 [W, 1, 1] I32 = sample(%27)
tap logits = %27
)");
}

TEST(Fuse, GatedDeltaNetBlock) {
  const Graph graph = must(testing::decoder({Mixer::kDeltaNet}));
  EXPECT_EQ(print(fused(graph)), R"(input %token [R, 1, 1] I32
state conv.0: [80, 4]
state delta.0: [4, 8, 12]
%1 [R, 1, 64] = embed(%token, embed[100, 64])
%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06  // layers.0
%3 [R, 1, 80] = linear(%2, layers.0.mixer.qkv[80, 64])  // layers.0.mixer
%4 [R, 1, 80] = conv1d(%3, layers.0.mixer.conv1d[80, 4]; conv.0) kernel=4 silu  // layers.0.mixer
%5 [R, 1, 16] = slice(%4) heads=0+1 dims=0+16  // layers.0.mixer
%6 [R, 2, 8] = reshape(%5)  // layers.0.mixer
%7 [R, 2, 8] = l2_norm(%6) eps=1e-06 scale=0.5  // layers.0.mixer
%8 [R, 1, 16] = slice(%4) heads=0+1 dims=16+16  // layers.0.mixer
%9 [R, 2, 8] = reshape(%8)  // layers.0.mixer
%10 [R, 2, 8] = l2_norm(%9) eps=1e-06 scale=1  // layers.0.mixer
%11 [R, 1, 48] = slice(%4) heads=0+1 dims=32+48  // layers.0.mixer
%12 [R, 4, 12] = reshape(%11)  // layers.0.mixer
%13 [R, 1, 4] = linear(%2, layers.0.mixer.a[4, 64])  // layers.0.mixer
%14 [R, 1, 4] = linear(%2, layers.0.mixer.b[4, 64])  // layers.0.mixer
%15 [R, 1, 4], %16 [R, 1, 4] = delta_gate(%13, %14, layers.0.mixer.a_log[4], layers.0.mixer.dt_bias[4])  // layers.0.mixer
%17 [R, 4, 12] = delta_rule(%7, %10, %12, %15, %16; delta.0)  // layers.0.mixer
%18 [R, 1, 48] = linear(%2, layers.0.mixer.z[48, 64])  // layers.0.mixer
%19 [R, 4, 12] = reshape(%18)  // layers.0.mixer
%20 [R, 4, 12] = gated_rms_norm(%17, %19, layers.0.mixer.norm[12]) eps=1e-06  // layers.0.mixer
%21 [R, 1, 48] = reshape(%20)  // layers.0.mixer
%22 [R, 1, 64] = linear(%21, layers.0.mixer.out[64, 48])  // layers.0.mixer
%23 [R, 1, 64], %24 [R, 1, 64] = add_rms_norm(%1, %22, layers.0.post_norm[64]) eps=1e-06  // layers.0
%25 [R, 1, 96] = linear(%24, layers.0.mlp.gate[96, 64])  // layers.0.mlp
%26 [R, 1, 96] = linear(%24, layers.0.mlp.up[96, 64])  // layers.0.mlp
%27 [R, 1, 96] = silu_mul(%25, %26)  // layers.0.mlp
%28 [R, 1, 64] = linear(%27, layers.0.mlp.down[64, 96])  // layers.0.mlp
%29 [R, 1, 64], %30 [R, 1, 64] = add_rms_norm(%23, %28, norm[64]) eps=1e-06  // layers.0
%31 [W, 1, 64] = gather_rows(%30)
%32 [W, 1, 100] = linear(%31, embed[100, 64])
%33 [W, 1, 1] I32 = sample(%32)
tap logits = %32
)");
}

// ---- when not to fuse

// A graph over x and y [R, 1, 8]; `build` adds what is to be fused.
template <class Build>
Graph small(Build build) {
  testing::FakeWeights weights;
  weights.add("x", {{10, 8}}).add("y", {{8, 8}}).add("norm", {{8}}).add("head_norm", {{4}});
  weights.add("conv1d", {{8, 1, 3}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("x", 10, 8);
  const Value y = s.linear("y", x, 8);
  s.tap("y", y);  // needed in any case
  build(s, x, y);
  return must(builder.finish());
}

// The graph may not change but for numbers.
void expect_unfused(const Graph& graph, const Capabilities& capabilities = everything()) {
  EXPECT_EQ(print(fused(graph, capabilities)), print(graph));
}

TEST(Fuse, LeavesEverythingWithoutCapabilities) {
  Capabilities plain = everything();
  plain.ops.reset(kOpKindOf<AddRmsNorm>).reset(kOpKindOf<RmsNormRope>);
  plain.ops.reset(kOpKindOf<SiluMul>).reset(kOpKindOf<SigmoidMul>).reset(kOpKindOf<GatedRmsNorm>);
  const Graph graph = must(testing::decoder({Mixer::kGatedAttention, Mixer::kDeltaNet}, true));
  const Graph result = fused(graph, plain);
  EXPECT_EQ(result.nodes.size(), graph.nodes.size() - 1);  // conv1d knows silu
  plain.ops.reset(kOpKindOf<Conv1d>);
  expect_unfused(graph, plain);
}

TEST(Fuse, NeedsTheCapabilityOfEachGroup) {
  const Graph graph = must(testing::decoder({Mixer::kGatedAttention, Mixer::kDeltaNet}));
  const auto without = [&](OpKind kind) {
    Capabilities some = everything();
    some.ops.reset(kind);
    return fused(graph, some);
  };
  EXPECT_EQ(count<AddRmsNorm>(fused(graph)), 4);
  EXPECT_EQ(count<AddRmsNorm>(without(kOpKindOf<AddRmsNorm>)), 0);
  EXPECT_EQ(count<RmsNormRope>(fused(graph)), 2);
  EXPECT_EQ(count<RmsNormRope>(without(kOpKindOf<RmsNormRope>)), 0);
  EXPECT_EQ(count<SiluMul>(fused(graph)), 2);
  EXPECT_EQ(count<SiluMul>(without(kOpKindOf<SiluMul>)), 0);
  EXPECT_EQ(count<SigmoidMul>(fused(graph)), 1);
  EXPECT_EQ(count<SigmoidMul>(without(kOpKindOf<SigmoidMul>)), 0);
  EXPECT_EQ(count<GatedRmsNorm>(fused(graph)), 1);
  // The gate of the norm is still a silu times something.
  EXPECT_EQ(count<GatedRmsNorm>(without(kOpKindOf<GatedRmsNorm>)), 0);
  EXPECT_EQ(count<SiluMul>(without(kOpKindOf<GatedRmsNorm>)), 3);
}

TEST(Fuse, KeepsTappedValues) {
  expect_unfused(small([](Scope s, Value x, Value y) {
    const Value inner = s.silu(x);
    s.tap("inner", inner);
    s.tap("outer", s.mul(inner, y));
  }));
  expect_unfused(small([](Scope s, Value x, Value y) {
    const Value inner = s.sigmoid(x);
    s.tap("inner", inner);
    s.tap("outer", s.mul(inner, y));
  }));
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.rms_norm("head_norm", s.reshape(x, 2, 4), 1e-6F);
    s.tap("inner", inner);
    s.tap("outer", s.rope(inner, make_rope(4, 10000)));
  }));
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.conv1d("conv1d", x, 3, s.recurrent_state("conv", {8, 3}));
    s.tap("inner", inner);
    s.tap("outer", s.silu(inner));
  }));
  // A tapped norm stays out of gated_rms_norm; what is left is silu_mul.
  const Graph gated = fused(small([](Scope s, Value x, Value y) {
    const Value inner = s.rms_norm("norm", x, 1e-6F);
    s.tap("inner", inner);
    s.tap("outer", s.mul(inner, s.silu(y)));
  }));
  EXPECT_EQ(count<GatedRmsNorm>(gated), 0);
  EXPECT_EQ(count<RmsNorm>(gated), 1);
  EXPECT_EQ(count<SiluMul>(gated), 1);
}

TEST(Fuse, KeepsValuesThatAreUsedElsewhere) {
  expect_unfused(small([](Scope s, Value x, Value y) {
    const Value inner = s.silu(x);
    s.tap("outer", s.mul(inner, y));
    s.tap("other", s.add(inner, y));
  }));
  // Both uses in one node are two uses.
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.silu(x);
    s.tap("outer", s.mul(inner, inner));
  }));
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.rms_norm("head_norm", s.reshape(x, 2, 4), 1e-6F);
    s.tap("one", s.rope(inner, make_rope(4, 10000)));
    s.tap("two", s.rope(inner, make_rope(4, 20000)));
  }));
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.conv1d("conv1d", x, 3, s.recurrent_state("conv", {8, 3}));
    s.tap("one", s.silu(inner));
    s.tap("two", s.sigmoid(inner));
  }));
  // A view between the two is a use as well.
  expect_unfused(small([](Scope s, Value x, Value) {
    const Value inner = s.reshape(s.rms_norm("norm", x, 1e-6F), 2, 4);
    s.tap("outer", s.rope(inner, make_rope(4, 10000)));
  }));
}

TEST(Fuse, ForgetsUsesThatNobodyNeeds) {
  const Graph graph = fused(small([](Scope s, Value x, Value y) {
    const Value inner = s.silu(x);
    s.tap("outer", s.mul(inner, y));
    s.add(inner, y);
  }));
  EXPECT_EQ(count<SiluMul>(graph), 1);
  EXPECT_EQ(graph.nodes.size(), 3u);
}

TEST(Fuse, GivesTheSumToItsOtherReaders) {
  const Graph graph = small([](Scope s, Value x, Value y) {
    const Value sum = s.add(x, y);
    const Value early = s.silu(sum);  // before the norm
    s.tap("sum", sum);
    s.tap("norm", s.rms_norm("norm", sum, 1e-6F));
    s.tap("early", s.add(sum, early));
  });
  const Graph result = fused(graph);
  EXPECT_EQ(count<AddRmsNorm>(result), 1);
  EXPECT_EQ(count<Add>(result), 1);
  EXPECT_EQ(count<RmsNorm>(result), 0);
  EXPECT_TRUE(same_meaning(decompose(result), graph));
}

TEST(Fuse, TakesOneNormOfASum) {
  const Graph graph = small([](Scope s, Value x, Value y) {
    const Value sum = s.add(x, y);
    s.tap("one", s.rms_norm("norm", sum, 1e-6F));
    s.tap("two", s.rms_norm("norm", sum, 1e-5F));
  });
  const Graph result = fused(graph);
  EXPECT_EQ(count<AddRmsNorm>(result), 1);
  EXPECT_EQ(count<RmsNorm>(result), 1);
  EXPECT_TRUE(same_meaning(decompose(result), graph));
}

TEST(Fuse, LeavesNormsWithoutAWeight) {
  Graph graph = small([](Scope s, Value x, Value y) {
    const Value sum = s.add(x, y);
    const Value norm = s.rms_norm("norm", sum, 1e-6F);
    s.tap("rope", s.rope(norm, make_rope(8, 10000)));
    s.tap("gated", s.mul(s.rms_norm("norm", x, 1e-6F), s.sigmoid(y)));
  });
  for (Node& node : graph.nodes)
    if (std::holds_alternative<RmsNorm>(node.op)) node.weights.clear();
  ASSERT_TRUE(verify(graph));
  const Graph result = fused(graph);
  EXPECT_EQ(count<RmsNorm>(result), 2);
  EXPECT_EQ(count<Add>(result), 1);
}

TEST(Fuse, SeesFactorsOnEitherSide) {
  const auto text = [](auto build) { return print(fused(small(build))); };
  EXPECT_THAT(text([](Scope s, Value x, Value y) { s.tap("z", s.mul(y, s.silu(x))); }),
              HasSubstr("silu_mul(%1, %2)"));
  EXPECT_THAT(text([](Scope s, Value x, Value y) { s.tap("z", s.mul(s.silu(x), y)); }),
              HasSubstr("silu_mul(%1, %2)"));
  EXPECT_THAT(text([](Scope s, Value x, Value y) { s.tap("z", s.mul(y, s.sigmoid(x))); }),
              HasSubstr("sigmoid_mul(%2, %1)"));
  EXPECT_THAT(text([](Scope s, Value x, Value y) { s.tap("z", s.mul(s.sigmoid(x), y)); }),
              HasSubstr("sigmoid_mul(%2, %1)"));
  const auto gated = [](bool silu_first) {
    return [silu_first](Scope s, Value x, Value y) {
      const Value gate = s.silu(x);
      const Value norm = s.rms_norm("norm", y, 1e-5F);
      s.tap("z", silu_first ? s.mul(gate, norm) : s.mul(norm, gate));
    };
  };
  EXPECT_THAT(text(gated(true)), HasSubstr("gated_rms_norm(%2, %1, norm[8]) eps=1e-05"));
  EXPECT_THAT(text(gated(false)), HasSubstr("gated_rms_norm(%2, %1, norm[8]) eps=1e-05"));
}

TEST(Fuse, ConvolvesInPlaceOfTheConvolution) {
  // Nodes with states keep their order.
  const Graph graph = small([](Scope s, Value x, Value y) {
    const Value inner = s.conv1d("conv1d", x, 3, s.recurrent_state("conv.a", {8, 3}));
    const Value other = s.conv1d("conv1d", y, 3, s.recurrent_state("conv.b", {8, 3}));
    s.tap("z", s.add(other, s.silu(inner)));
  });
  const Graph result = fused(graph);
  EXPECT_TRUE(std::get<Conv1d>(result.nodes[2].op).silu);
  EXPECT_FALSE(std::get<Conv1d>(result.nodes[3].op).silu);
  EXPECT_EQ(fused(result).nodes.size(), result.nodes.size());
  EXPECT_TRUE(same_meaning(decompose(result), graph));
}

TEST(Fuse, DoesNothingTheSecondTime) {
  const Graph once = fused(must(testing::decoder(
      {Mixer::kAttention, Mixer::kWindow, Mixer::kGatedAttention, Mixer::kDeltaNet}, true)));
  EXPECT_EQ(print(fused(once)), print(once));
}

// ---- decompose

TEST(Decompose, UndoesFuse) {
  const std::vector<std::vector<Mixer>> models = {
      {Mixer::kAttention},
      {Mixer::kGatedAttention},
      {Mixer::kDeltaNet},
      {Mixer::kDeltaNet, Mixer::kWindow, Mixer::kGatedAttention, Mixer::kDeltaNet}};
  for (const bool hidden : {false, true}) {
    for (const auto& model : models) {
      const Graph graph = must(testing::decoder(model, hidden));
      const Graph there = fused(graph);
      const Graph back = decompose(there);
      const Status status = verify(back);
      EXPECT_TRUE(status) << status.error().message;
      for (const Node& node : back.nodes) {
        EXPECT_LT(kind_of(node.op), kOpKindOf<AddRmsNorm>);
        const auto* conv = std::get_if<Conv1d>(&node.op);
        EXPECT_FALSE(conv != nullptr && conv->silu);
      }
      EXPECT_EQ(back.nodes.size(), graph.nodes.size());
      EXPECT_TRUE(same_meaning(back, graph)) << print(graph) << print(back);
      EXPECT_FALSE(same_meaning(there, graph));
      EXPECT_EQ(print(fused(back)), print(there));
    }
  }
}

TEST(Decompose, LeavesPlainGraphs) {
  const Graph graph = must(testing::decoder({Mixer::kAttention, Mixer::kDeltaNet}));
  EXPECT_EQ(print(decompose(graph)), print(graph));
}

}  // namespace
}  // namespace gerbil::graph
