#include "graph/print.h"

#include <gtest/gtest.h>

#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

TEST(Print, WritesEveryPartOfAGraph) {
  const auto graph = testing::decoder({testing::Mixer::kWindow, testing::Mixer::kDeltaNet}, true);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(print(*graph), R"(input %token [R, 1, 1] I32
input %rope0 [R, 1, 16]
state kv.0: kv_heads=2 head_dim=16 window=8
state conv.1: [80, 4]
state delta.1: [4, 8, 12]
%1 [R, 1, 64] = embed(%token, embed[100, 64])
%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06  // layers.0
%3 [R, 1, 128] = linear(%2, layers.0.mixer.qkv[128, 64])  // layers.0.mixer
%4 [R, 1, 64] = slice(%3) heads=0+1 dims=0+64  // layers.0.mixer
%5 [R, 1, 32] = slice(%3) heads=0+1 dims=64+32  // layers.0.mixer
%6 [R, 1, 32] = slice(%3) heads=0+1 dims=96+32  // layers.0.mixer
%7 [R, 4, 16] = reshape(%4)  // layers.0.mixer
%8 [R, 2, 16] = reshape(%5)  // layers.0.mixer
%9 [R, 2, 16] = reshape(%6)  // layers.0.mixer
%10 [R, 4, 16] = rms_norm(%7, layers.0.mixer.q_norm[16]) eps=1e-06  // layers.0.mixer
%12 [R, 4, 16] = rope(%10, %rope0) rotary_dim=16  // layers.0.mixer
%13 [R, 2, 16] = rms_norm(%8, layers.0.mixer.k_norm[16]) eps=1e-06  // layers.0.mixer
%14 [R, 2, 16] = rope(%13, %rope0) rotary_dim=16  // layers.0.mixer
%15 [R, 4, 16] = attend(%12, %14, %9; kv.0) scale=0.25 window=8  // layers.0.mixer
%16 [R, 1, 64] = reshape(%15)  // layers.0.mixer
%17 [R, 1, 64] = linear(%16, layers.0.mixer.out[64, 64])  // layers.0.mixer
%18 [R, 1, 64] = add(%1, %17)  // layers.0
%19 [R, 1, 64] = rms_norm(%18, layers.0.post_norm[64]) eps=1e-06  // layers.0
%20 [R, 1, 96] = linear(%19, layers.0.mlp.gate[96, 64])  // layers.0.mlp
%21 [R, 1, 96] = silu(%20)  // layers.0.mlp
%22 [R, 1, 96] = linear(%19, layers.0.mlp.up[96, 64])  // layers.0.mlp
%23 [R, 1, 96] = mul(%21, %22)  // layers.0.mlp
%24 [R, 1, 64] = linear(%23, layers.0.mlp.down[64, 96])  // layers.0.mlp
%25 [R, 1, 64] = add(%18, %24)  // layers.0
%26 [R, 1, 64] = rms_norm(%25, layers.1.input_norm[64]) eps=1e-06  // layers.1
%27 [R, 1, 80] = linear(%26, layers.1.mixer.qkv[80, 64])  // layers.1.mixer
%28 [R, 1, 80] = conv1d(%27, layers.1.mixer.conv1d[80, 4]; conv.1) kernel=4  // layers.1.mixer
%29 [R, 1, 80] = silu(%28)  // layers.1.mixer
%30 [R, 1, 16] = slice(%29) heads=0+1 dims=0+16  // layers.1.mixer
%31 [R, 2, 8] = reshape(%30)  // layers.1.mixer
%32 [R, 2, 8] = l2_norm(%31) eps=1e-06 scale=0.5  // layers.1.mixer
%33 [R, 1, 16] = slice(%29) heads=0+1 dims=16+16  // layers.1.mixer
%34 [R, 2, 8] = reshape(%33)  // layers.1.mixer
%35 [R, 2, 8] = l2_norm(%34) eps=1e-06 scale=1  // layers.1.mixer
%36 [R, 1, 48] = slice(%29) heads=0+1 dims=32+48  // layers.1.mixer
%37 [R, 4, 12] = reshape(%36)  // layers.1.mixer
%38 [R, 1, 4] = linear(%26, layers.1.mixer.a[4, 64])  // layers.1.mixer
%39 [R, 1, 4] = linear(%26, layers.1.mixer.b[4, 64])  // layers.1.mixer
%40 [R, 1, 4], %41 [R, 1, 4] = delta_gate(%38, %39, layers.1.mixer.a_log[4], layers.1.mixer.dt_bias[4])  // layers.1.mixer
%42 [R, 4, 12] = delta_rule(%32, %35, %37, %40, %41; delta.1)  // layers.1.mixer
%43 [R, 1, 48] = linear(%26, layers.1.mixer.z[48, 64])  // layers.1.mixer
%44 [R, 4, 12] = reshape(%43)  // layers.1.mixer
%45 [R, 4, 12] = rms_norm(%42, layers.1.mixer.norm[12]) eps=1e-06  // layers.1.mixer
%46 [R, 4, 12] = silu(%44)  // layers.1.mixer
%47 [R, 4, 12] = mul(%45, %46)  // layers.1.mixer
%48 [R, 1, 48] = reshape(%47)  // layers.1.mixer
%49 [R, 1, 64] = linear(%48, layers.1.mixer.out[64, 48])  // layers.1.mixer
%50 [R, 1, 64] = add(%25, %49)  // layers.1
%51 [R, 1, 64] = rms_norm(%50, layers.1.post_norm[64]) eps=1e-06  // layers.1
%52 [R, 1, 96] = linear(%51, layers.1.mlp.gate[96, 64])  // layers.1.mlp
%53 [R, 1, 96] = silu(%52)  // layers.1.mlp
%54 [R, 1, 96] = linear(%51, layers.1.mlp.up[96, 64])  // layers.1.mlp
%55 [R, 1, 96] = mul(%53, %54)  // layers.1.mlp
%56 [R, 1, 64] = linear(%55, layers.1.mlp.down[64, 96])  // layers.1.mlp
%57 [R, 1, 64] = add(%50, %56)  // layers.1
%58 [R, 1, 64] = rms_norm(%57, norm[64]) eps=1e-06
%59 [W, 1, 64] = gather_rows(%58)
%60 [W, 1, 100] = linear(%59, embed[100, 64])
%61 [W, 1, 1] I32 = sample(%60)
tap hidden.0 = %1
tap hidden.1 = %25
tap hidden.final = %58
tap logits = %60
)");
}

TEST(Print, SurvivesBrokenGraphs) {
  Graph graph;
  graph.nodes.push_back(
      {.op = Add{}, .inputs = {7, -1}, .outputs = {3}, .weights = {9}, .state = 4});
  graph.taps.push_back({"lost", 12});
  EXPECT_EQ(print(graph), "%? = add(%?, %?, ?; ?)\ntap lost = %?\n");
}

}  // namespace
}  // namespace gerbil::graph
