// Configs: what is read, what is refused and in which words, what is only noted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/families/qwen3.h"
#include "model/families/qwen3_5.h"
#include "model/testing/test_model.h"

namespace gerbil::model {
namespace {

using enum LayerType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::message_of;
using testing::multimodal_config;
using testing::parse_config;
using testing::qwen2_config;
using testing::qwen3_5_moe_text_config;
using testing::qwen3_5_text_config;
using testing::qwen3_config;
using testing::qwen3_moe_config;
using testing::TestConfig;

constexpr ErrorCode kInvalid = ErrorCode::kInvalidArgument;
constexpr ErrorCode kUnsupported = ErrorCode::kUnsupported;

TestConfig qwen3_5_text_only() {
  return qwen3_5_text_config().with("architectures", R"(["Qwen3_5ForCausalLM"])");
}

template <class Config>
const Config& as(const Result<ModelConfigPtr>& parsed) {
  if (!parsed) throw std::runtime_error(parsed.error().message);
  return static_cast<const Config&>(**parsed);
}

// ---- what is read

TEST(Config, Qwen3IsReadWhole) {
  const auto parsed = parse_config(qwen3_config());
  const auto& c = as<Qwen3Config>(parsed);
  EXPECT_EQ(c.hidden, 64);
  EXPECT_EQ(c.vocab, 320);
  EXPECT_EQ(c.intermediate, 160);
  EXPECT_THAT(c.layers, ElementsAre(kFullAttention, kFullAttention, kFullAttention));
  EXPECT_EQ(c.eps, 1e-6F);
  EXPECT_EQ(c.max_positions, 4096);
  EXPECT_EQ(c.position_axes, 1);
  EXPECT_THAT(c.eos_ids, ElementsAre(2));
  EXPECT_EQ(c.tied, true);
  EXPECT_EQ(c.image_token, std::nullopt);
  EXPECT_EQ(c.heads, 4);
  EXPECT_EQ(c.kv_heads, 2);
  EXPECT_EQ(c.head_dim, 32);
  EXPECT_TRUE(c.qk_norm);
  EXPECT_EQ(c.window, 0);
  EXPECT_EQ(c.rope, graph::make_rope(32, 1e6));
}

TEST(Config, Qwen3_5IsReadWhole) {
  const auto parsed = parse_config(multimodal_config(qwen3_5_text_config()));
  const auto& c = as<Qwen35Config>(parsed);
  EXPECT_EQ(c.hidden, 64);
  EXPECT_THAT(c.layers,
              ElementsAre(kLinearAttention, kLinearAttention, kLinearAttention, kFullAttention,
                          kLinearAttention, kLinearAttention, kLinearAttention, kFullAttention));
  EXPECT_EQ(c.position_axes, 3);
  EXPECT_THAT(c.eos_ids, ElementsAre(300));
  EXPECT_EQ(c.image_token, 303);
  EXPECT_EQ(c.video_token, 304);
  EXPECT_EQ(c.head_dim, 64);
  EXPECT_EQ(c.rope, graph::make_interleaved_mrope(16, 1e7, 3, 2));
  EXPECT_EQ(c.key_dim(), 64);
  EXPECT_EQ(c.value_dim(), 128);
  EXPECT_EQ(c.conv_dim(), 256);
  EXPECT_EQ(c.conv_kernel, 4);
}

TEST(Config, TheTextOnlyFormSaysTheSame) {
  const auto alone = parse_config(qwen3_5_text_only());
  const auto part = parse_config(multimodal_config(qwen3_5_text_config()));
  EXPECT_EQ(as<Qwen35Config>(alone).rope, as<Qwen35Config>(part).rope);
  EXPECT_EQ(as<Qwen35Config>(alone).layers, as<Qwen35Config>(part).layers);
  EXPECT_EQ(as<Qwen35Config>(alone).position_axes, 3);
  EXPECT_EQ(as<Qwen35Config>(alone).image_token, std::nullopt);
}

TEST(Config, LibraryDefaultsStandInForAbsentKeys) {
  const auto qwen3 = parse_config(qwen3_config()
                                      .with("head_dim", "")
                                      .with("rms_norm_eps", "")
                                      .with("max_position_embeddings", "")
                                      .with("num_key_value_heads", "null")
                                      .with("hidden_act", "")
                                      .with("eos_token_id", "")
                                      .with("tie_word_embeddings", ""));
  EXPECT_EQ(as<Qwen3Config>(qwen3).head_dim, 128);
  EXPECT_EQ(as<Qwen3Config>(qwen3).eps, 1e-6F);
  EXPECT_EQ(as<Qwen3Config>(qwen3).max_positions, 32768);
  EXPECT_EQ(as<Qwen3Config>(qwen3).kv_heads, 4);
  EXPECT_THAT(as<Qwen3Config>(qwen3).eos_ids, IsEmpty());
  EXPECT_EQ(as<Qwen3Config>(qwen3).tied, std::nullopt);

  const auto qwen2 = parse_config(qwen2_config());
  EXPECT_EQ(as<Qwen3Config>(qwen2).head_dim, 16);  // hidden_size / num_attention_heads
  EXPECT_FALSE(as<Qwen3Config>(qwen2).qk_norm);

  const auto qwen3_5 = parse_config(
      qwen3_5_text_only().with("head_dim", "").with("rope_parameters", R"({"rope_theta": 1e7})"));
  EXPECT_EQ(as<Qwen35Config>(qwen3_5).head_dim, 256);
  EXPECT_EQ(as<Qwen35Config>(qwen3_5).rope, graph::make_interleaved_mrope(64, 1e7, 11, 10));
}

TEST(Config, OldAndNewRotaryKeysMeanTheSame) {
  const TestConfig base = qwen3_config().with("rope_parameters", "");
  const TestConfig configs[] = {
      base.with("rope_theta", "1000000"),
      base.with("rope_theta", "1000000.0").with("rope_scaling", "null"),
      base.with("rope_theta", "1e6").with("rope_parameters", R"({"rope_type": "default"})"),
      base.with("rope_theta", "1e6").with("rope_scaling", R"({"type": "default"})"),
      qwen3_config().with("rope_theta", "1e6").with("partial_rotary_factor", "1.0"),
  };
  for (const TestConfig& config : configs) {
    SCOPED_TRACE(config.text());
    EXPECT_EQ(as<Qwen3Config>(parse_config(config)).rope, graph::make_rope(32, 1e6));
  }
  const auto qwen3_5 = parse_config(qwen3_5_text_only()
                                        .with("rope_parameters", "")
                                        .with("rope_theta", "1e7")
                                        .with("partial_rotary_factor", "0.5")
                                        .with("rope_scaling", R"({"mrope_section": [6, 5, 5]})"));
  EXPECT_EQ(as<Qwen35Config>(qwen3_5).rope, graph::make_interleaved_mrope(32, 1e7, 5, 5));
}

TEST(Config, EosMayBeAListOrNull) {
  EXPECT_THAT(as<ModelConfig>(parse_config(qwen3_config().with("eos_token_id", "[7, 9]"))).eos_ids,
              ElementsAre(7, 9));
  EXPECT_THAT(as<ModelConfig>(parse_config(qwen3_config().with("eos_token_id", "null"))).eos_ids,
              IsEmpty());
}

TEST(Config, WindowedLayersAreListedOrCounted) {
  const TestConfig base = qwen3_config().with("sliding_window", "16");
  const TestConfig counted = base.with("use_sliding_window", "true").with("max_window_layers", "1");
  const TestConfig listed =
      base.with("use_sliding_window", "true")
          .with("layer_types", R"(["full_attention", "sliding_attention", "sliding_attention"])");
  for (const TestConfig& config : {counted, listed}) {
    const auto parsed = parse_config(config);
    EXPECT_THAT(as<Qwen3Config>(parsed).layers,
                ElementsAre(kFullAttention, kSlidingAttention, kSlidingAttention));
    EXPECT_EQ(as<Qwen3Config>(parsed).window, 16);
  }
  // Without use_sliding_window the other two keys mean nothing.
  const auto off = parse_config(base.with("max_window_layers", "1"));
  EXPECT_THAT(as<Qwen3Config>(off).layers,
              ElementsAre(kFullAttention, kFullAttention, kFullAttention));
  EXPECT_EQ(as<Qwen3Config>(off).window, 0);
}

TEST(Config, FullAttentionStandsAtEveryInterval) {
  const auto parsed = parse_config(
      qwen3_5_text_only().with("full_attention_interval", "3").with("num_hidden_layers", "4"));
  EXPECT_THAT(as<ModelConfig>(parsed).layers,
              ElementsAre(kLinearAttention, kLinearAttention, kFullAttention, kLinearAttention));
}

TEST(Config, TheTextPartDecidesWhetherTheHeadIsTied) {
  const TestConfig text = qwen3_5_text_config();
  const auto tied = [](const TestConfig& t, std::string_view outer) {
    return as<ModelConfig>(parse_config(multimodal_config(t).with("tie_word_embeddings", outer)))
        .tied;
  };
  EXPECT_EQ(tied(text, "false"), true);
  EXPECT_EQ(tied(text.with("tie_word_embeddings", ""), "false"), false);
}

TEST(Config, ModelTypeChoosesWhereArchitecturesIsAbsent) {
  const auto parsed = parse_config(qwen2_config().with("architectures", ""));
  EXPECT_FALSE(as<Qwen3Config>(parsed).qk_norm);
}

// ---- what is noted

TEST(Config, UnknownKeysAreNotedAndHarmlessOnesAreNot) {
  std::vector<std::string> notes;
  const auto parsed = parse_config(multimodal_config(qwen3_5_text_config()
                                                         .with("use_cache", "true")
                                                         .with("mtp_num_hidden_layers", "1")
                                                         .with("num_experts", "0")
                                                         .with("favourite\\ncolour", "\"blue\""))
                                       .with("transformers_version", "\"5.17.0\"")
                                       .with("quantization_config", "null")
                                       .with("nickname", "3"),
                                   &notes);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_THAT(
      notes,
      ElementsAre("config.json: \"nickname\" is not known to Qwen3_5ForConditionalGeneration and "
                  "is ignored",
                  "config.json: \"text_config.favourite\\ncolour\" is not known to "
                  "Qwen3_5ForConditionalGeneration and is ignored"));
}

// ---- what is refused

struct Refusal {
  std::string key;
  std::string value;  // "" removes the key
  ErrorCode code;
  std::string message;  // after "config.json: "
};

void expect_refusals(const TestConfig& base, Span<const Refusal> refusals) {
  ASSERT_TRUE(parse_config(base)) << message_of(parse_config(base));
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.key + ": " + refusal.value);
    const auto parsed = parse_config(base.with(refusal.key, refusal.value));
    EXPECT_EQ(message_of(parsed), "config.json: " + refusal.message);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, refusal.code);
  }
}

TEST(Config, UnknownArchitecturesAreNamedWithTheKnownOnes) {
  const Refusal refusals[] = {
      {"architectures", R"(["LlamaForCausalLM"])", kUnsupported,
       "architecture \"LlamaForCausalLM\" is not known to this build (known: Qwen2ForCausalLM, "
       "Qwen3ForCausalLM, Qwen3MoeForCausalLM, Qwen3_5ForCausalLM, "
       "Qwen3_5ForConditionalGeneration, Qwen3_5MoeForCausalLM, "
       "Qwen3_5MoeForConditionalGeneration)"},
      {"architectures", "[]", kInvalid,
       "\"architectures\": expected at least one name, found an array of 0"},
      {"architectures", "\"Qwen3ForCausalLM\"", kInvalid,
       "\"architectures\": expected an array of at most 16 strings, found "
       "\"Qwen3ForCausalLM\""},
  };
  expect_refusals(qwen3_config(), refusals);
  const Refusal by_type[] = {
      {"model_type", "\"llama\"", kUnsupported,
       "model_type \"llama\" is not known to this build (known architectures: Qwen2ForCausalLM, "
       "Qwen3ForCausalLM, Qwen3MoeForCausalLM, Qwen3_5ForCausalLM, "
       "Qwen3_5ForConditionalGeneration, Qwen3_5MoeForCausalLM, "
       "Qwen3_5MoeForConditionalGeneration)"},
      {"model_type", "", kInvalid, "\"model_type\": expected a string, but it is missing"},
  };
  expect_refusals(qwen3_config().with("architectures", ""), by_type);
}

TEST(Config, SizesAreCheckedOneByOne) {
  const Refusal refusals[] = {
      {"num_hidden_layers", "1000000000", kInvalid,
       "\"num_hidden_layers\": expected an integer from 1 to 1024, found 1000000000"},
      {"num_hidden_layers", "0", kInvalid,
       "\"num_hidden_layers\": expected an integer from 1 to 1024, found 0"},
      {"num_hidden_layers", "", kInvalid,
       "\"num_hidden_layers\": expected an integer from 1 to 1024, but it is missing"},
      {"hidden_size", "-64", kInvalid,
       "\"hidden_size\": expected an integer from 1 to 131072, found -64"},
      {"hidden_size", "\"64\"", kInvalid,
       "\"hidden_size\": expected an integer from 1 to 131072, found \"64\""},
      {"intermediate_size", "null", kInvalid,
       "\"intermediate_size\": expected an integer from 1 to 1048576, found null"},
      {"vocab_size", "1000000000000000000", kInvalid,
       "\"vocab_size\": expected an integer from 1 to 8388608, found 1000000000000000000"},
      {"num_attention_heads", "0", kInvalid,
       "\"num_attention_heads\": expected an integer from 1 to 1024, found 0"},
      {"num_key_value_heads", "3", kInvalid,
       "\"num_key_value_heads\": expected a divisor of 4 (num_attention_heads), found 3"},
      {"num_key_value_heads", "8", kInvalid,
       "\"num_key_value_heads\": expected a divisor of 4 (num_attention_heads), found 8"},
      {"head_dim", "0", kInvalid, "\"head_dim\": expected an integer from 2 to 1024, found 0"},
      {"head_dim", "33", kInvalid,
       "\"head_dim\": expected an even integer from 2 to 1024, found 33"},
      {"max_position_embeddings", "0", kInvalid,
       "\"max_position_embeddings\": expected an integer from 1 to 1073741824, found 0"},
      {"rms_norm_eps", "0", kInvalid,
       "\"rms_norm_eps\": expected a number from 1e-20 to 1, found 0"},
      {"eos_token_id", "-1", kInvalid,
       "\"eos_token_id\": expected an integer from 0 to 2147483647, found -1"},
      {"tie_word_embeddings", "1", kInvalid,
       "\"tie_word_embeddings\": expected true or false, found 1"},
  };
  expect_refusals(qwen3_config(), refusals);
  const Refusal qwen2[] = {
      {"num_attention_heads", "3", kInvalid,
       "\"num_key_value_heads\": expected a divisor of 3 (num_attention_heads), found 2"},
      {"hidden_size", "62", kInvalid,
       "\"num_attention_heads\": expected a divisor of 62 (hidden_size), found 4"},
      {"hidden_size", "8196", kInvalid,
       "\"head_dim\": expected an even integer from 2 to 1024, but it is missing"},
  };
  expect_refusals(qwen2_config(), qwen2);
}

TEST(Config, ValuesThatChangeTheMathsAreRefused) {
  const std::string unknown = " does not know this setting, which changes the result; found ";
  const Refusal refusals[] = {
      {"hidden_act", "\"gelu\"", kUnsupported, "\"hidden_act\": expected \"silu\", found \"gelu\""},
      {"final_logit_softcapping", "30.0", kUnsupported,
       "\"final_logit_softcapping\": Qwen3ForCausalLM" + unknown + "30.0"},
      {"num_experts", "128", kUnsupported, "\"num_experts\": Qwen3ForCausalLM" + unknown + "128"},
      {"mlp_only_layers", "[1]", kUnsupported,
       "\"mlp_only_layers\": Qwen3ForCausalLM" + unknown + "an array of 1"},
      {"mlp_bias", "true", kUnsupported, "\"mlp_bias\": Qwen3ForCausalLM" + unknown + "true"},
      {"quantization_config", R"({"bits": 4, "quant_method": "gptq"})", kUnsupported,
       "\"quantization_config\": weights quantised by \"gptq\" are not in this build"},
      {"quantization", R"({"group_size": 64, "mode": "affine"})", kUnsupported,
       "\"quantization\": weights quantised by \"affine\" are not in this build"},
      {"partial_rotary_factor", "0.5", kUnsupported,
       "\"partial_rotary_factor\": expected 1, found 0.5"},
  };
  expect_refusals(qwen3_config(), refusals);
}

TEST(Config, RotarySettingsAreUnderstoodOrRefused) {
  const Refusal refusals[] = {
      {"rope_scaling", R"({"type": "yarn", "factor": 4.0})", kUnsupported,
       "\"rope_scaling.type\": expected \"default\", found \"yarn\""},
      {"rope_parameters", R"({"rope_type": "llama3", "rope_theta": 1e6, "factor": 8})",
       kUnsupported, "\"rope_parameters.rope_type\": expected \"default\", found \"llama3\""},
      {"rope_parameters", R"({"rope_theta": 1e6, "factor": 8})", kUnsupported,
       "\"rope_parameters.factor\": this rotary setting is not understood"},
      {"rope_parameters", R"({"rope_theta": 1e6, "mrope_section": [3, 3, 2]})", kUnsupported,
       "\"rope_parameters.mrope_section\": this rotary setting is not understood"},
      {"rope_parameters", "", kInvalid,
       "\"rope_theta\": expected a number of at least 1, but it is missing"},
      {"rope_parameters", R"({"rope_theta": 0})", kInvalid,
       "\"rope_parameters.rope_theta\": expected a number from 1 to 1000000000000000, found 0"},
      {"rope_parameters", R"({"rope_theta": "1e6"})", kInvalid,
       "\"rope_parameters.rope_theta\": expected a number from 1 to 1000000000000000, found "
       "\"1e6\""},
      {"rope_parameters", "[]", kInvalid,
       "\"rope_parameters\": expected an object, found an array of 0"},
      {"rope_theta", "10000", kInvalid,
       "\"rope_theta\": expected 1000000, as elsewhere in the file, found 10000"},
  };
  expect_refusals(qwen3_config(), refusals);
}

TEST(Config, LayerTypesAreCheckedAgainstTheLayers) {
  const Refusal refusals[] = {
      {"layer_types", R"(["full_attention"])", kInvalid,
       "\"layer_types\": expected 3 entries (num_hidden_layers), found an array of 1"},
      {"layer_types", R"(["full_attention", "linear_attention", "full_attention"])", kUnsupported,
       "\"layer_types[1]\": expected \"full_attention\" or \"sliding_attention\", found "
       "\"linear_attention\""},
      {"layer_types", R"(["full_attention", "full_attention", "sliding_attention"])", kInvalid,
       "\"use_sliding_window\": expected true, because layer_types has sliding_attention, but it "
       "is missing"},
      {"layer_types", "[1, 2, 3]", kInvalid, "\"layer_types[0]\": expected a string, found 1"},
  };
  expect_refusals(qwen3_config(), refusals);
  const TestConfig windowed = qwen3_config()
                                  .with("use_sliding_window", "true")
                                  .with("max_window_layers", "0")
                                  .with("sliding_window", "16");
  const Refusal windows[] = {
      {"sliding_window", "null", kInvalid,
       "\"sliding_window\": expected an integer from 1 to 1073741824, found null"},
      {"sliding_window", "0", kInvalid,
       "\"sliding_window\": expected an integer from 1 to 1073741824, found 0"},
      {"max_window_layers", "-1", kInvalid,
       "\"max_window_layers\": expected an integer from 0 to 1048576, found -1"},
  };
  expect_refusals(windowed, windows);
}

TEST(Config, Qwen3_5SettingsAreUnderstoodOrRefused) {
  const auto rope = [](std::string_view more) {
    return fmt::format("{{\"rope_theta\": 1e7, {}}}", more);
  };
  const Refusal refusals[] = {
      {"attn_output_gate", "false", kUnsupported,
       "\"attn_output_gate\": expected true, found false"},
      {"output_gate_type", "\"sigmoid\"", kUnsupported,
       "\"output_gate_type\": expected \"swish\", found \"sigmoid\""},
      {"num_experts", "8", kUnsupported,
       "\"num_experts\": Qwen3_5ForCausalLM does not know this setting, which changes the result; "
       "found 8"},
      {"use_sliding_window", "true", kUnsupported,
       "\"use_sliding_window\": Qwen3_5ForCausalLM does not know this setting, which changes the "
       "result; found true"},
      {"full_attention_interval", "0", kInvalid,
       "\"full_attention_interval\": expected an integer from 1 to 1024, found 0"},
      {"linear_num_key_heads", "3", kInvalid,
       "\"linear_num_key_heads\": expected a divisor of 4 (linear_num_value_heads), found 3"},
      {"linear_value_head_dim", "100000", kInvalid,
       "\"linear_value_head_dim\": expected an integer from 1 to 1024, found 100000"},
      {"linear_conv_kernel_dim", "0", kInvalid,
       "\"linear_conv_kernel_dim\": expected an integer from 1 to 64, found 0"},
      {"num_key_value_heads", "", kInvalid,
       "\"num_key_value_heads\": expected an integer from 1 to 1048576, but it is missing"},
      {"head_dim", "20", kInvalid,
       "\"partial_rotary_factor\": expected a fraction of head_dim (20) that is an even number "
       "from 2, found 0.25"},
      {"partial_rotary_factor", "0.5", kInvalid,
       "\"partial_rotary_factor\": expected 0.25, as elsewhere in the file, found 0.5"},
      {"rope_parameters", rope("\"partial_rotary_factor\": 1.5"), kInvalid,
       "\"rope_parameters.partial_rotary_factor\": expected a number from 0 to 1, found 1.5"},
      {"rope_parameters", rope("\"mrope_interleaved\": false"), kUnsupported,
       "\"rope_parameters.mrope_interleaved\": expected true, found false"},
      {"rope_parameters", rope("\"mrope_section\": [3, 3]"), kInvalid,
       "\"rope_parameters.mrope_section\": expected three integers (time, height, width), found "
       "an array of 2"},
      {"rope_parameters", rope("\"mrope_section\": [3, 3, 9]"), kInvalid,
       "\"mrope_section\": expected three integers with a sum of at most 8 (half of the rotary "
       "dimension), found [3, 3, 9]"},
  };
  expect_refusals(qwen3_5_text_only(), refusals);
}

TEST(Config, NestedFieldsAreNamedByTheirPath) {
  const TestConfig text = qwen3_5_text_config();
  EXPECT_EQ(message_of(parse_config(multimodal_config(text.with("hidden_act", "\"relu\"")))),
            "config.json: \"text_config.hidden_act\": expected \"silu\", found \"relu\"");
  EXPECT_EQ(message_of(parse_config(
                multimodal_config(text.with("quantization_config", R"({"quant_method": "fp8"})")))),
            "config.json: \"text_config.quantization_config\": weights quantised by \"fp8\" are "
            "not in this build");
  EXPECT_EQ(message_of(parse_config(multimodal_config(text).with("text_config", ""))),
            "config.json: \"text_config\": expected an object, but it is missing");
  EXPECT_EQ(message_of(parse_config(multimodal_config(text).with("image_token_id", "-5"))),
            "config.json: \"image_token_id\": expected an integer from 0 to 319, found -5");
  EXPECT_EQ(message_of(parse_config(multimodal_config(text).with("video_token_id", "320"))),
            "config.json: \"video_token_id\": expected an integer from 0 to 319, found 320");
  EXPECT_EQ(message_of(parse_config(multimodal_config(text).with("tie_word_embeddings", "1"))),
            "config.json: \"tie_word_embeddings\": expected true or false, found 1");
}

TEST(Config, BrokenJsonNamesTheFile) {
  const format::Checkpoint none;
  EXPECT_THAT(message_of(load_model("{\"architectures\": [", "config.json", none)),
              ::testing::StartsWith("config.json: "));
  EXPECT_EQ(message_of(load_model("[1]", "config.json", none)),
            "config.json: expected a JSON object, found an array of 1");
}

// ---- experts

TEST(Config, Qwen3MoeIsReadWhole) {
  const auto parsed = parse_config(qwen3_moe_config().with("norm_topk_prob", "true"));
  const auto& c = as<Qwen3Config>(parsed);
  EXPECT_EQ(c.experts.count, 8);
  EXPECT_EQ(c.experts.top_k, 3);
  EXPECT_EQ(c.experts.intermediate, 24);
  EXPECT_TRUE(c.experts.normalise);
  EXPECT_THAT(c.sparse, ElementsAre(true, true, true));
  EXPECT_TRUE(c.qk_norm);
  EXPECT_EQ(c.head_dim, 32);
}

TEST(Config, Qwen3MoeDefaultsAreTheLibrarys) {
  const auto parsed = parse_config(qwen3_moe_config().with("head_dim", ""));
  EXPECT_FALSE(as<Qwen3Config>(parsed).experts.normalise);
  EXPECT_EQ(as<Qwen3Config>(parsed).head_dim, 16);  // hidden_size / num_attention_heads
}

TEST(Config, Qwen3MoeMixesDenseLayersIn) {
  const auto stepped = parse_config(
      qwen3_moe_config().with("num_hidden_layers", "6").with("decoder_sparse_step", "2"));
  EXPECT_THAT(as<Qwen3Config>(stepped).sparse, ElementsAre(false, true, false, true, false, true));
  EXPECT_EQ(as<Qwen3Config>(stepped).intermediate, 160);
  const auto listed = parse_config(qwen3_moe_config().with("mlp_only_layers", "[1, 40]"));
  EXPECT_THAT(as<Qwen3Config>(listed).sparse, ElementsAre(true, false, true));
  // No layer needs it.
  const auto sparse = parse_config(qwen3_moe_config().with("intermediate_size", ""));
  EXPECT_EQ(message_of(sparse), "no error");
}

TEST(Config, Qwen3MoeHasItsWindowInAllLayers) {
  const auto parsed = parse_config(qwen3_moe_config()
                                       .with("use_sliding_window", "true")
                                       .with("sliding_window", "16")
                                       .with("max_window_layers", "2"));
  EXPECT_EQ(as<Qwen3Config>(parsed).window, 16);
  EXPECT_THAT(as<Qwen3Config>(parsed).layers,
              ElementsAre(kSlidingAttention, kSlidingAttention, kSlidingAttention));
}

TEST(Config, NewConfigsCallTheExpertsLocal) {
  const auto parsed =
      parse_config(qwen3_moe_config().with("num_experts", "").with("num_local_experts", "6"));
  EXPECT_EQ(as<Qwen3Config>(parsed).experts.count, 6);
  const auto both = parse_config(qwen3_moe_config().with("num_local_experts", "8"));
  EXPECT_EQ(as<Qwen3Config>(both).experts.count, 8);
}

TEST(Config, Qwen3_5MoeIsReadWhole) {
  const auto parsed =
      parse_config(qwen3_5_moe_text_config().with("architectures", R"(["Qwen3_5MoeForCausalLM"])"));
  const auto& c = as<Qwen35Config>(parsed);
  EXPECT_EQ(c.experts.count, 8);
  EXPECT_EQ(c.experts.top_k, 2);
  EXPECT_EQ(c.experts.intermediate, 32);
  EXPECT_EQ(c.shared_intermediate, 48);
  EXPECT_TRUE(c.experts.normalise);
  EXPECT_EQ(c.sparse, std::vector<bool>(8, true));
}

TEST(Config, ExpertsThatCannotBeAreRefused) {
  const Refusal refusals[] = {
      {"num_experts", "0", kInvalid,
       "\"num_experts\": expected an integer from 1 to 4096, found 0"},
      {"num_experts", "1000000000", kInvalid,
       "\"num_experts\": expected an integer from 1 to 4096, found 1000000000"},
      {"num_experts", "", kInvalid,
       "\"num_experts\": expected an integer from 1 to 4096, but it is missing"},
      {"num_local_experts", "7", kInvalid,
       "\"num_experts\": expected 7 (num_local_experts), found 8"},
      {"num_experts_per_tok", "9", kInvalid,
       "\"num_experts_per_tok\": expected an integer from 1 to 8 (the experts), found 9"},
      {"num_experts_per_tok", "0", kInvalid,
       "\"num_experts_per_tok\": expected an integer from 1 to 4096, found 0"},
      {"moe_intermediate_size", "-1", kInvalid,
       "\"moe_intermediate_size\": expected an integer from 1 to 1048576, found -1"},
      {"decoder_sparse_step", "0", kInvalid,
       "\"decoder_sparse_step\": expected an integer from 1 to 1048576, found 0"},
      {"mlp_only_layers", "[-1]", kInvalid,
       "\"mlp_only_layers[0]\": expected an integer from 0 to 1023, found -1"},
      {"norm_topk_prob", "1", kInvalid, "\"norm_topk_prob\": expected true or false, found 1"},
      {"n_routed_experts", "8", kUnsupported,
       "\"n_routed_experts\": Qwen3MoeForCausalLM does not know this setting, which changes the "
       "result; found 8"},
      {"shared_expert_intermediate_size", "64", kUnsupported,
       "\"shared_expert_intermediate_size\": Qwen3MoeForCausalLM does not know this setting, which "
       "changes the result; found 64"},
  };
  expect_refusals(qwen3_moe_config(), refusals);
  const Refusal together[] = {
      {"moe_intermediate_size", "1048576", kInvalid,
       "\"moe_intermediate_size\": expected at most 1024 in 4096 experts of hidden_size 131072, "
       "found 1048576"},
  };
  expect_refusals(qwen3_moe_config().with("hidden_size", "131072").with("num_experts", "4096"),
                  together);
  const Refusal qwen3_5[] = {
      {"norm_topk_prob", "false", kUnsupported, "\"norm_topk_prob\": expected true, found false"},
      {"decoder_sparse_step", "2", kUnsupported, "\"decoder_sparse_step\": expected 1, found 2"},
      {"mlp_only_layers", "[0]", kUnsupported,
       "\"mlp_only_layers\": expected an empty list, found an array of 1"},
      {"shared_expert_intermediate_size", "", kInvalid,
       "\"shared_expert_intermediate_size\": expected an integer from 1 to 1048576, but it is "
       "missing"},
  };
  expect_refusals(qwen3_5_moe_text_config().with("architectures", R"(["Qwen3_5MoeForCausalLM"])"),
                  qwen3_5);
  const Refusal dense[] = {
      {"num_experts", "8", kUnsupported,
       "\"num_experts\": Qwen3_5ForCausalLM does not know this setting, which changes the result; "
       "found 8"},
  };
  expect_refusals(qwen3_5_text_only(), dense);
}

}  // namespace
}  // namespace gerbil::model
