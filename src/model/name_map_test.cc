// Every stored tensor is claimed or skipped, every role is there whole.
#include "model/name_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/test_model.h"

namespace gerbil::model {
namespace {

using tensor::DType;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::Fixture;
using ::testing::IsEmpty;
using testing::make_tensor;
using testing::message_of;
using testing::open_fixture;
using ::testing::StartsWith;
using testing::TestConfig;

const std::string kModels = GERBIL_SOURCE_DIR "/tests/data/models/";

struct Change {
  std::string tensor;
  std::optional<tensor::TensorRef> put;  // nothing: it is removed
};

Result<Model> load_changed(std::string_view folder, const std::vector<Change>& changes,
                           const std::optional<TestConfig>& config = {}) {
  Fixture fixture = open_fixture(kModels + std::string(folder));
  auto& tensors = fixture.checkpoint.tensors;
  for (const Change& change : changes) {
    if (change.put)
      tensors.insert_or_assign(change.tensor, *change.put);
    else if (tensors.erase(change.tensor) == 0)
      throw std::runtime_error("no tensor " + change.tensor);
  }
  return load_model(config ? config->text() : fixture.config, "config.json", fixture.checkpoint);
}

std::vector<std::string> part_names(const Model& model, std::string_view role) {
  std::vector<std::string> names;
  for (const graph::StoredPart& part : model.weights.find(role)->second.parts)
    names.push_back(part.name);
  return names;
}

TEST(NameMap, RolesAreMadeOfPartsInOrder) {
  const auto model = load_changed("qwen3_5-tiny", {});
  ASSERT_TRUE(model) << model.error().message;
  const std::string layer = "model.language_model.layers.1.linear_attn.";
  EXPECT_THAT(part_names(*model, "layers.1.delta.in"),
              ElementsAre(layer + "in_proj_qkv.weight", layer + "in_proj_z.weight",
                          layer + "in_proj_b.weight", layer + "in_proj_a.weight"));
  EXPECT_THAT(part_names(*model, "embed"), ElementsAre("model.language_model.embed_tokens.weight"));
  EXPECT_FALSE(model->weights.contains("layers.1.attention.qkv"));
  EXPECT_FALSE(model->weights.contains("layers.3.delta.in"));
  EXPECT_TRUE(model->weights.contains("layers.3.attention.qkv"));
}

TEST(NameMap, AbsentOptionalRolesKeepTheNamesThatWereLookedFor) {
  const auto model = load_changed("qwen3-tiny", {});
  ASSERT_TRUE(model) << model.error().message;
  const graph::WeightBinding& head = model->weights.at("lm_head");
  EXPECT_FALSE(head.present);
  EXPECT_EQ(head.parts.at(0).name, "lm_head.weight");
  EXPECT_EQ(head.parts.at(0).tensor.source, nullptr);
  EXPECT_FALSE(model->weights.at("layers.0.attention.qkv.bias").present);
  EXPECT_TRUE(model->weights.at("layers.0.attention.qkv").present);
}

TEST(NameMap, OnlyTheNormsThatAreStoredMinusOneGetOneAdded) {
  const auto add_one = [](const Model& model) {
    std::vector<std::string> roles;
    for (const auto& [role, binding] : model.weights)
      if (binding.transform == graph::LoadTransform::kAddOne) roles.push_back(role);
    return roles;
  };
  const auto text = load_changed("qwen3_5-text-tiny", {});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(add_one(*text),
              ElementsAre("final_norm", "layers.0.input_norm", "layers.0.mlp_norm",
                          "layers.1.input_norm", "layers.1.mlp_norm", "layers.2.input_norm",
                          "layers.2.mlp_norm", "layers.3.attention.k_norm",
                          "layers.3.attention.q_norm", "layers.3.input_norm", "layers.3.mlp_norm"));
  const auto qwen3 = load_changed("qwen3-tiny", {});
  ASSERT_TRUE(qwen3) << qwen3.error().message;
  EXPECT_THAT(add_one(*qwen3), IsEmpty());
}

TEST(NameMap, TheReportCountsTensorsAndBytesOnce) {
  Fixture fixture = open_fixture(kModels + "qwen3_5-tiny");
  uint64_t tensors = 0;
  uint64_t bytes = 0;
  for (const auto& [name, tensor] : fixture.checkpoint.tensors) {
    ++tensors;
    bytes += tensor.size_bytes;
  }
  const auto model = load_model(fixture.config, "config.json", fixture.checkpoint);
  ASSERT_TRUE(model) << model.error().message;
  const LoadReport& report = model->report;
  ASSERT_EQ(report.skipped.size(), 1u);
  EXPECT_EQ(report.skipped[0].rule, "vision");
  EXPECT_EQ(report.claimed.tensors + report.skipped[0].count.tensors, tensors);
  EXPECT_EQ(report.claimed.bytes + report.skipped[0].count.bytes, bytes);
}

TEST(NameMap, ATiedFileMayHoldADuplicateHead) {
  const auto model = load_changed("qwen3-tiny", {{"lm_head.weight", make_tensor({320, 64})}});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE(model->weights.at("lm_head").present);
  EXPECT_EQ(model->report.claimed.tensors, 36u);
}

TEST(NameMap, BiasesAreTakenWhereTheyAreStored) {
  const std::string layer = "model.layers.1.self_attn.";
  const auto model = load_changed("qwen3-tiny", {{layer + "q_proj.bias", make_tensor({128})},
                                                 {layer + "k_proj.bias", make_tensor({64})},
                                                 {layer + "v_proj.bias", make_tensor({64})},
                                                 {layer + "o_proj.bias", make_tensor({64})}});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_FALSE(model->weights.at("layers.0.attention.qkv.bias").present);
  EXPECT_TRUE(model->weights.at("layers.1.attention.qkv.bias").present);
  EXPECT_TRUE(model->weights.at("layers.1.attention.out.bias").present);
  EXPECT_TRUE(build_text_graph(*model));
}

TEST(NameMap, EveryTensorTypeOfThisBuildIsAccepted) {
  for (DType dtype : {DType::kF32, DType::kF16, DType::kBF16})
    EXPECT_TRUE(load_changed("qwen3-tiny", {{"model.norm.weight", make_tensor({64}, dtype)}}));
}

TEST(NameMap, WhatIsWrongIsNamed) {
  struct Case {
    std::string_view folder;
    std::vector<Change> changes;
    ErrorCode code;
    std::string message;  // after the file's name
    std::optional<TestConfig> config = std::nullopt;
  };
  const auto extra = [&](std::string name) { return Change{std::move(name), make_tensor({4})}; };
  const auto removed = [](std::string name) { return Change{std::move(name), std::nullopt}; };
  const Case cases[] = {
      {"qwen3-tiny",
       {extra("model.layers.0.self_attn.sinks")},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.0.self_attn.sinks\" is not known to Qwen3ForCausalLM"},
      {"qwen3-tiny",
       {extra("x")},
       ErrorCode::kCorrupt,
       "tensor \"x\" is not known to Qwen3ForCausalLM"},
      {"qwen3-tiny",  // no vision here: the skip rule belongs to another family
       {extra("model.visual.pos_embed.weight")},
       ErrorCode::kCorrupt,
       "tensor \"model.visual.pos_embed.weight\" is not known to Qwen3ForCausalLM"},
      {"qwen3_5-text-tiny",
       {extra("model.language_model.norm.weight")},
       ErrorCode::kCorrupt,
       "tensor \"model.language_model.norm.weight\" is not known to Qwen3_5ForCausalLM"},
      {"qwen3-tiny",
       {extra("model.layers.3.mlp.down_proj.weight")},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.3.mlp.down_proj.weight\" is of layer 3, but the config says that "
       "num_hidden_layers is 3"},
      {"qwen3-tiny",
       {},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.2.input_layernorm.weight\" is of layer 2, but the config says that "
       "num_hidden_layers is 2",
       testing::qwen3_config().with("num_hidden_layers", "2")},
      {"qwen3-tiny",
       {extra("model.layers.99999999999999999999.mlp.down_proj.weight")},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.99999999999999999999.mlp.down_proj.weight\" is not known to "
       "Qwen3ForCausalLM"},
      {"qwen3-tiny",
       {extra("model.layers.01.mlp.down_proj.weight")},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.01.mlp.down_proj.weight\" is not known to Qwen3ForCausalLM"},
      {"qwen3_5-text-tiny",
       {extra("model.layers.3.linear_attn.A_log")},
       ErrorCode::kCorrupt,
       "tensor \"model.layers.3.linear_attn.A_log\" does not belong in layer 3, which the config "
       "says is full_attention"},
      {"qwen3-tiny",
       {removed("model.norm.weight")},
       ErrorCode::kNotFound,
       "tensor \"model.norm.weight\" is missing"},
      {"qwen3-tiny",
       {removed("model.layers.1.self_attn.k_proj.weight")},
       ErrorCode::kNotFound,
       "tensor \"model.layers.1.self_attn.k_proj.weight\" is missing"},
      {"qwen3-tiny",
       {removed("model.layers.1.self_attn.q_norm.weight")},
       ErrorCode::kNotFound,
       "tensor \"model.layers.1.self_attn.q_norm.weight\" is missing"},
      {"qwen3-tiny",
       {},
       ErrorCode::kNotFound,
       "tensor \"model.layers.3.input_layernorm.weight\" is missing",
       testing::qwen3_config().with("num_hidden_layers", "4")},
      {"qwen3-tiny",
       {extra("model.layers.0.self_attn.k_proj.bias")},  // one part of three
       ErrorCode::kNotFound,
       "tensor \"model.layers.0.self_attn.q_proj.bias\" is missing"},
      {"qwen2-tiny",  // its biases are not optional
       {removed("model.layers.2.self_attn.q_proj.bias"),
        removed("model.layers.2.self_attn.k_proj.bias"),
        removed("model.layers.2.self_attn.v_proj.bias")},
       ErrorCode::kNotFound,
       "tensor \"model.layers.2.self_attn.q_proj.bias\" is missing"},
      {"qwen3-tiny",
       {},
       ErrorCode::kNotFound,
       "tensor \"lm_head.weight\" is missing",
       testing::qwen3_config().with("tie_word_embeddings", "false")},
      {"qwen3-tiny",
       {{"model.layers.0.mlp.up_proj.weight", make_tensor({160, 64}, DType::kI32)}},
       ErrorCode::kUnsupported,
       "tensor \"model.layers.0.mlp.up_proj.weight\": expected F32, F16 or BF16, found I32"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const auto model = load_changed(c.folder, c.changes, c.config);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, c.code);
    EXPECT_THAT(model.error().message, EndsWith(".safetensors: " + c.message));
  }
}

TEST(NameMap, AnEmptyCheckpointLacksItsFirstTensor) {
  EXPECT_EQ(message_of(load_model(testing::qwen3_config().text(), "config.json", {})),
            "the checkpoint: tensor \"model.embed_tokens.weight\" is missing");
}

// The graph asks for shapes: a tensor that has another one is named when it is built.
TEST(NameMap, MisshapenTensorsAreNamedWhenTheGraphIsBuilt) {
  struct Case {
    std::string_view folder;
    std::string tensor;
    tensor::Shape shape;
    std::string message;
  };
  const Case cases[] = {
      {"qwen3-tiny",
       "model.embed_tokens.weight",
       {319, 64},
       "expected shape [320, 64], found [319, 64]"},
      {"qwen3-tiny", "model.norm.weight", {1, 64}, "expected shape [64], found [1, 64]"},
      {"qwen3-tiny",
       "model.layers.0.self_attn.k_proj.weight",
       {32, 64},
       "expected shape [64, 64], found [32, 64]"},
      {"qwen3-tiny",
       "model.layers.0.self_attn.q_norm.weight",
       {64},
       "expected shape [32], found [64]"},
      {"qwen3-tiny",
       "model.layers.0.mlp.down_proj.weight",
       {160, 64},
       "expected shape [64, 160], found [160, 64]"},
      {"qwen2-tiny",
       "model.layers.0.self_attn.v_proj.bias",
       {16},
       "expected shape [32], found [16]"},
      {"qwen3-tiny-untied",
       "lm_head.weight",
       {320, 32},
       "expected shape [320, 64], found [320, 32]"},
      {"qwen3_5-text-tiny",
       "model.layers.0.linear_attn.conv1d.weight",
       {256, 4, 1},
       "expected shape [256, 1, 4], found [256, 4, 1]"},
      {"qwen3_5-text-tiny",
       "model.layers.0.linear_attn.A_log",
       {6, 1},
       "expected shape [6], found [6, 1]"},
      {"qwen3_5-text-tiny",
       "model.layers.0.linear_attn.in_proj_z.weight",
       {96, 64},
       "expected shape [192, 64], found [96, 64]"},
      {"qwen3_5-text-tiny",
       "model.layers.3.self_attn.q_proj.weight",
       {256, 64},
       "expected shape [512, 64], found [256, 64]"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tensor);
    const auto model = load_changed(c.folder, {{c.tensor, make_tensor(c.shape)}});
    ASSERT_TRUE(model) << model.error().message;
    const auto graph = build_text_graph(*model);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(
        graph.error().message,
        StartsWith(fmt::format("extra.safetensors: tensor \"{}\": {}", c.tensor, c.message)));
  }
}

// ---- experts

TEST(NameMap, ExpertsAreTakenOneAfterAnother) {
  const auto model = load_changed("qwen3_moe-mixed-tiny", {});
  ASSERT_TRUE(model) << model.error().message;
  const auto gate_up = part_names(*model, "layers.1.mlp.experts.gate_up");
  ASSERT_EQ(gate_up.size(), 12u);
  EXPECT_EQ(gate_up[0], "model.layers.1.mlp.experts.0.gate_proj.weight");
  EXPECT_EQ(gate_up[1], "model.layers.1.mlp.experts.0.up_proj.weight");
  EXPECT_EQ(gate_up[11], "model.layers.1.mlp.experts.5.up_proj.weight");
  EXPECT_EQ(part_names(*model, "layers.1.mlp.experts.down").size(), 6u);
  EXPECT_FALSE(model->weights.contains("layers.1.mlp.gate_up"));
  EXPECT_FALSE(model->weights.contains("layers.3.mlp.router"));
  EXPECT_TRUE(model->weights.contains("layers.3.mlp.gate_up"));
}

TEST(NameMap, EveryExpertIsThereOnce) {
  const std::string file =
      GERBIL_SOURCE_DIR "/tests/data/models/qwen3_moe-mixed-tiny/model.safetensors: tensor ";
  const std::string mlp = "model.layers.1.mlp.experts.";
  const std::string dense = "model.layers.3.mlp.experts.";
  const auto message = [](const std::vector<Change>& changes) {
    return message_of(load_changed("qwen3_moe-mixed-tiny", changes));
  };
  EXPECT_EQ(message({{mlp + "2.up_proj.weight", {}}}),
            file + "\"" + mlp + "2.up_proj.weight\" is missing");
  EXPECT_EQ(message({{mlp + "0.down_proj.weight", {}}}),
            file + "\"" + mlp + "0.down_proj.weight\" is missing");
  const std::string extra = "extra.safetensors: tensor ";
  EXPECT_EQ(message({{mlp + "6.up_proj.weight", make_tensor({20, 64})}}),
            extra + "\"" + mlp +
                "6.up_proj.weight\" is of expert 6, but the config says that there "
                "are 6");
  EXPECT_EQ(message({{dense + "0.up_proj.weight", make_tensor({20, 64})}}),
            extra + "\"" + dense +
                "0.up_proj.weight\" does not belong in layer 3, which the config "
                "says is sliding_attention without experts");
  EXPECT_EQ(message({{mlp + "05.up_proj.weight", make_tensor({20, 64})}}),
            extra + "\"" + mlp + "05.up_proj.weight\" is not known to Qwen3MoeForCausalLM");
  EXPECT_EQ(message({{mlp + "gate_up_proj", make_tensor({6, 40, 64})}}),
            file + "\"" + mlp + "0.gate_proj.weight\" is there twice: \"" + mlp +
                "gate_up_proj\" is, too");
}

TEST(NameMap, ManyExpertsOfNothingAreOneError) {
  const TestConfig config =
      testing::qwen3_moe_config().with("num_experts", "4096").with("num_hidden_layers", "1024");
  const format::Checkpoint nothing{.files = {"nothing.safetensors"}};
  const auto model = load_model(config.text(), "config.json", nothing);
  EXPECT_THAT(message_of(model), EndsWith("is missing"));
}

}  // namespace
}  // namespace gerbil::model
