// The text graphs of the families, as printed: inputs, states and taps, and one layer of each kind.
// That the numbers are right is proven by the golden tests.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "graph/print.h"
#include "model/testing/test_model.h"

namespace gerbil::model {
namespace {

using testing::message_of;
using testing::multimodal_config;
using testing::open_fixture;
using testing::qwen3_5_text_config;
using testing::qwen3_config;
using testing::qwen3_moe_config;
using testing::TestConfig;

std::string printed(std::string_view fixture_name) {
  const std::string folder = GERBIL_SOURCE_DIR "/tests/data/models/" + std::string(fixture_name);
  const testing::Fixture fixture = open_fixture(folder);
  const auto model = load_model(fixture.config, "config.json", fixture.checkpoint);
  if (!model) throw std::runtime_error(model.error().message);
  const auto graph = build_text_graph(*model);
  if (!graph) throw std::runtime_error(graph.error().message);
  return graph::print(*graph);
}

// The lines of one scope ("layers.1", with what is below it), without naming it; "" for the lines
// outside of all scopes.
std::string lines_of(std::string_view text, std::string_view scope) {
  std::string found;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t comment = line.find("  // ");
    const bool scoped = comment != std::string_view::npos;
    if (scope.empty() ? scoped : !scoped || !line.substr(comment + 5).starts_with(scope)) continue;
    found += line.substr(0, comment);
    found += '\n';
  }
  return found;
}

TEST(TextGraph, Qwen3TiedDeclaresItsInputsStatesAndTaps) {
  EXPECT_EQ(lines_of(printed("qwen3-window-tiny"), ""), R"(input %token [R, 1, 1] I32
input %rope0 [R, 1, 32]
state kv.layer0: kv_heads=2 head_dim=32 window=0
state kv.layer1: kv_heads=2 head_dim=32 window=16
state kv.layer2: kv_heads=2 head_dim=32 window=16
%1 [R, 1, 64] = embed(%token, embed[320, 64])
%75 [R, 1, 64] = rms_norm(%74, final_norm[64]) eps=1e-06
%76 [W, 1, 64] = gather_rows(%75)
%77 [W, 1, 320] = linear(%76, embed[320, 64])
%78 [W, 1, 1] I32 = sample(%77)
%79 [W, 1, 21], %80 [W, 1, 20] I32 = logprobs(%77, %78)
tap hidden.0 = %1
tap hidden.1 = %26
tap hidden.2 = %50
tap hidden.3 = %74
tap hidden.final = %75
tap logits = %77
tap sample = %78
)");
}

TEST(TextGraph, Qwen3LayerNormsQueriesAndKeysAndHasAWindow) {
  EXPECT_EQ(lines_of(printed("qwen3-window-tiny"), "layers.1"),
            R"(%27 [R, 1, 64] = rms_norm(%26, layers.1.input_norm[64]) eps=1e-06
%28 [R, 1, 256] = linear(%27, layers.1.attention.qkv[256, 64])
%29 [R, 1, 128] = slice(%28) heads=0+1 dims=0+128
%30 [R, 1, 64] = slice(%28) heads=0+1 dims=128+64
%31 [R, 1, 64] = slice(%28) heads=0+1 dims=192+64
%32 [R, 4, 32] = reshape(%29)
%33 [R, 2, 32] = reshape(%30)
%34 [R, 2, 32] = reshape(%31)
%35 [R, 4, 32] = rms_norm(%32, layers.1.attention.q_norm[32]) eps=1e-06
%36 [R, 2, 32] = rms_norm(%33, layers.1.attention.k_norm[32]) eps=1e-06
%37 [R, 4, 32] = rope(%35, %rope0) rotary_dim=32
%38 [R, 2, 32] = rope(%36, %rope0) rotary_dim=32
%39 [R, 4, 32] = attend(%37, %38, %34; kv.layer1) scale=0.17677669 window=16
%40 [R, 1, 128] = reshape(%39)
%41 [R, 1, 64] = linear(%40, layers.1.attention.out[64, 128])
%42 [R, 1, 64] = add(%26, %41)
%43 [R, 1, 64] = rms_norm(%42, layers.1.mlp_norm[64]) eps=1e-06
%44 [R, 1, 320] = linear(%43, layers.1.mlp.gate_up[320, 64])
%45 [R, 1, 160] = slice(%44) heads=0+1 dims=0+160
%46 [R, 1, 160] = slice(%44) heads=0+1 dims=160+160
%47 [R, 1, 160] = silu(%45)
%48 [R, 1, 160] = mul(%47, %46)
%49 [R, 1, 64] = linear(%48, layers.1.mlp.down[64, 160])
%50 [R, 1, 64] = add(%42, %49)
)");
}

TEST(TextGraph, Qwen2LayerHasBiasesInstead) {
  EXPECT_EQ(lines_of(printed("qwen2-tiny"), "layers.0"),
            R"(%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06
%3 [R, 1, 128] = linear(%2, layers.0.attention.qkv[128, 64], layers.0.attention.qkv.bias[128])
%4 [R, 1, 64] = slice(%3) heads=0+1 dims=0+64
%5 [R, 1, 32] = slice(%3) heads=0+1 dims=64+32
%6 [R, 1, 32] = slice(%3) heads=0+1 dims=96+32
%7 [R, 4, 16] = reshape(%4)
%8 [R, 2, 16] = reshape(%5)
%9 [R, 2, 16] = reshape(%6)
%11 [R, 4, 16] = rope(%7, %rope0) rotary_dim=16
%12 [R, 2, 16] = rope(%8, %rope0) rotary_dim=16
%13 [R, 4, 16] = attend(%11, %12, %9; kv.layer0) scale=0.25 window=0
%14 [R, 1, 64] = reshape(%13)
%15 [R, 1, 64] = linear(%14, layers.0.attention.out[64, 64])
%16 [R, 1, 64] = add(%1, %15)
%17 [R, 1, 64] = rms_norm(%16, layers.0.mlp_norm[64]) eps=1e-06
%18 [R, 1, 320] = linear(%17, layers.0.mlp.gate_up[320, 64])
%19 [R, 1, 160] = slice(%18) heads=0+1 dims=0+160
%20 [R, 1, 160] = slice(%18) heads=0+1 dims=160+160
%21 [R, 1, 160] = silu(%19)
%22 [R, 1, 160] = mul(%21, %20)
%23 [R, 1, 64] = linear(%22, layers.0.mlp.down[64, 160])
%24 [R, 1, 64] = add(%16, %23)
)");
}

TEST(TextGraph, Qwen3_5DeclaresItsInputsStatesAndTaps) {
  EXPECT_EQ(lines_of(printed("qwen3_5-text-tiny"), ""), R"(input %token [R, 1, 1] I32
input %rope0 [R, 1, 16]
state conv_state.layer0: [256, 4]
state recurrent_state.layer0: [6, 16, 32]
state conv_state.layer1: [256, 4]
state recurrent_state.layer1: [6, 16, 32]
state conv_state.layer2: [256, 4]
state recurrent_state.layer2: [6, 16, 32]
state kv.layer3: kv_heads=2 head_dim=64 window=0
%1 [R, 1, 64] = embed(%token, embed[320, 64])
%134 [R, 1, 64] = rms_norm(%133, final_norm[64]) eps=1e-06
%135 [W, 1, 64] = gather_rows(%134)
%136 [W, 1, 320] = linear(%135, lm_head[320, 64])
%137 [W, 1, 1] I32 = sample(%136)
%138 [W, 1, 21], %139 [W, 1, 20] I32 = logprobs(%136, %137)
tap hidden.0 = %1
tap hidden.1 = %35
tap hidden.2 = %69
tap hidden.3 = %103
tap hidden.4 = %133
tap hidden.final = %134
tap logits = %136
tap sample = %137
)");
}

TEST(TextGraph, Qwen3_5DeltaNetLayer) {
  EXPECT_EQ(lines_of(printed("qwen3_5-text-tiny"), "layers.0"),
            R"(%2 [R, 1, 64] = rms_norm(%1, layers.0.input_norm[64]) eps=1e-06
%3 [R, 1, 460] = linear(%2, layers.0.delta.in[460, 64])
%4 [R, 1, 256] = slice(%3) heads=0+1 dims=0+256
%5 [R, 1, 192] = slice(%3) heads=0+1 dims=256+192
%6 [R, 1, 6] = slice(%3) heads=0+1 dims=448+6
%7 [R, 1, 6] = slice(%3) heads=0+1 dims=454+6
%8 [R, 1, 256] = conv1d(%4, layers.0.delta.conv[256, 4]; conv_state.layer0) kernel=4
%9 [R, 1, 256] = silu(%8)
%10 [R, 6, 32] = reshape(%5)
%11 [R, 1, 32] = slice(%9) heads=0+1 dims=0+32
%12 [R, 2, 16] = reshape(%11)
%13 [R, 2, 16] = l2_norm(%12) eps=1e-06 scale=0.25
%14 [R, 1, 32] = slice(%9) heads=0+1 dims=32+32
%15 [R, 2, 16] = reshape(%14)
%16 [R, 2, 16] = l2_norm(%15) eps=1e-06 scale=1
%17 [R, 1, 192] = slice(%9) heads=0+1 dims=64+192
%18 [R, 6, 32] = reshape(%17)
%19 [R, 1, 6], %20 [R, 1, 6] = delta_gate(%7, %6, layers.0.delta.a_log[6], layers.0.delta.dt_bias[6])
%21 [R, 6, 32] = delta_rule(%13, %16, %18, %19, %20; recurrent_state.layer0)
%22 [R, 6, 32] = rms_norm(%21, layers.0.delta.norm[32]) eps=1e-06
%23 [R, 6, 32] = silu(%10)
%24 [R, 6, 32] = mul(%22, %23)
%25 [R, 1, 192] = reshape(%24)
%26 [R, 1, 64] = linear(%25, layers.0.delta.out[64, 192])
%27 [R, 1, 64] = add(%1, %26)
%28 [R, 1, 64] = rms_norm(%27, layers.0.mlp_norm[64]) eps=1e-06
%29 [R, 1, 256] = linear(%28, layers.0.mlp.gate_up[256, 64])
%30 [R, 1, 128] = slice(%29) heads=0+1 dims=0+128
%31 [R, 1, 128] = slice(%29) heads=0+1 dims=128+128
%32 [R, 1, 128] = silu(%30)
%33 [R, 1, 128] = mul(%32, %31)
%34 [R, 1, 64] = linear(%33, layers.0.mlp.down[64, 128])
%35 [R, 1, 64] = add(%27, %34)
)");
}

TEST(TextGraph, Qwen3_5AttentionLayerIsGatedAndTurnsAQuarter) {
  EXPECT_EQ(lines_of(printed("qwen3_5-text-tiny"), "layers.3"),
            R"(%104 [R, 1, 64] = rms_norm(%103, layers.3.input_norm[64]) eps=1e-06
%105 [R, 1, 768] = linear(%104, layers.3.attention.qkv[768, 64])
%106 [R, 1, 512] = slice(%105) heads=0+1 dims=0+512
%107 [R, 1, 128] = slice(%105) heads=0+1 dims=512+128
%108 [R, 1, 128] = slice(%105) heads=0+1 dims=640+128
%109 [R, 8, 64] = reshape(%106)
%110 [R, 2, 64] = reshape(%107)
%111 [R, 2, 64] = reshape(%108)
%112 [R, 4, 128] = reshape(%109)
%113 [R, 4, 64] = slice(%112) heads=0+4 dims=64+64
%114 [R, 4, 64] = slice(%112) heads=0+4 dims=0+64
%115 [R, 4, 64] = rms_norm(%114, layers.3.attention.q_norm[64]) eps=1e-06
%117 [R, 4, 64] = rope(%115, %rope0) rotary_dim=16
%118 [R, 2, 64] = rms_norm(%110, layers.3.attention.k_norm[64]) eps=1e-06
%119 [R, 2, 64] = rope(%118, %rope0) rotary_dim=16
%120 [R, 4, 64] = attend(%117, %119, %111; kv.layer3) scale=0.125 window=0
%121 [R, 4, 64] = sigmoid(%113)
%122 [R, 4, 64] = mul(%120, %121)
%123 [R, 1, 256] = reshape(%122)
%124 [R, 1, 64] = linear(%123, layers.3.attention.out[64, 256])
%125 [R, 1, 64] = add(%103, %124)
%126 [R, 1, 64] = rms_norm(%125, layers.3.mlp_norm[64]) eps=1e-06
%127 [R, 1, 256] = linear(%126, layers.3.mlp.gate_up[256, 64])
%128 [R, 1, 128] = slice(%127) heads=0+1 dims=0+128
%129 [R, 1, 128] = slice(%127) heads=0+1 dims=128+128
%130 [R, 1, 128] = silu(%128)
%131 [R, 1, 128] = mul(%130, %129)
%132 [R, 1, 64] = linear(%131, layers.3.mlp.down[64, 128])
%133 [R, 1, 64] = add(%125, %132)
)");
}

TEST(TextGraph, TheTextPartOfAMultimodalModelIsBuiltAlike) {
  const std::string text = printed("qwen3_5-tiny");
  EXPECT_NE(text.find("state conv_state.layer6: [256, 4]\nstate recurrent_state.layer6: [4, 32, 32]"
                      "\nstate kv.layer7: kv_heads=2 head_dim=64 window=0\n"),
            std::string::npos);
  EXPECT_NE(text.find("tap hidden.8 = "), std::string::npos);
}

TEST(TextGraph, Qwen3_5MoeLayerHasExpertsAndASharedOne) {
  EXPECT_EQ(lines_of(printed("qwen3_5_moe-tiny"), "layers.0.mlp"),
            R"(%29 [R, 1, 8] = linear(%28, layers.0.mlp.router[8, 64])
%30 [R, 1, 2] I32, %31 [R, 1, 2] = route(%29) top_k=2 normalise
%32 [R, 1, 64] = experts(%28, %30, %31, layers.0.mlp.experts.gate_up[8, 64, 64], layers.0.mlp.experts.down[8, 64, 32])
%33 [R, 1, 96] = linear(%28, layers.0.mlp.shared_expert.gate_up[96, 64])
%34 [R, 1, 48] = slice(%33) heads=0+1 dims=0+48
%35 [R, 1, 48] = slice(%33) heads=0+1 dims=48+48
%36 [R, 1, 48] = silu(%34)
%37 [R, 1, 48] = mul(%36, %35)
%38 [R, 1, 64] = linear(%37, layers.0.mlp.shared_expert.down[64, 48])
%39 [R, 1, 1] = linear(%28, layers.0.mlp.shared_expert_gate[1, 64])
%40 [R, 1, 1] = sigmoid(%39)
%41 [R, 1, 64] = scale_rows(%38, %40)
%42 [R, 1, 64] = add(%32, %41)
)");
}

// verify() would call it a bug of the builder: the config's own bounds come first.
void expect_graph(const TestConfig& config) {
  const std::string text = config.text();
  const auto model = load_model(text, "config.json", testing::asked_checkpoint(text, 8));
  ASSERT_EQ(message_of(model), "no error");
  EXPECT_EQ(message_of(build_text_graph(*model)), "no error");
}

TEST(TextGraph, TheLargestSizesThatAConfigMayNameFit) {
  const auto largest = [](const TestConfig& config) {
    return config.with("hidden_size", "131072")
        .with("vocab_size", "8388608")
        .with("intermediate_size", "1048576")
        .with("num_attention_heads", "1024")
        .with("num_key_value_heads", "1024")
        .with("head_dim", "1024");
  };
  expect_graph(largest(qwen3_config()));
  expect_graph(multimodal_config(largest(qwen3_5_text_config())
                                     .with("linear_num_key_heads", "1024")
                                     .with("linear_num_value_heads", "1024")
                                     .with("linear_key_head_dim", "1024")
                                     .with("linear_value_head_dim", "1024")
                                     .with("linear_conv_kernel_dim", "64")));
  expect_graph(qwen3_moe_config()
                   .with("hidden_size", "131072")
                   .with("num_experts", "4")
                   .with("moe_intermediate_size", "1048576"));
  expect_graph(qwen3_moe_config()
                   .with("num_hidden_layers", "1")
                   .with("num_experts", "60")
                   .with("num_experts_per_tok", "60"));
}

}  // namespace
}  // namespace gerbil::model
