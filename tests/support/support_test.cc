#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/checkpoint_copy.h"
#include "support/compare.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(SafetensorsFile, WhatIsWrittenIsRead) {
  TempFolder folder;
  const StoredTensors written = {{"a", f32_tensor({2, 2}, {1, -2, 3.5f, 0})},
                                 {"b", bf16_tensor({3}, {1, 0.5f, -4})},
                                 {"ids", i64_tensor({2}, {7, -1})}};
  write_safetensors(folder / "x.safetensors", written);
  const StoredTensors read = read_safetensors(folder / "x.safetensors");
  ASSERT_THAT(read, SizeIs(3));
  EXPECT_THAT(read.at("a").shape, ElementsAre(2, 2));
  EXPECT_THAT(to_floats(read.at("a")), ElementsAre(1, -2, 3.5f, 0));
  EXPECT_THAT(to_floats(read.at("b")), ElementsAre(1, 0.5f, -4));
  EXPECT_THAT(to_ints(read.at("ids")), ElementsAre(7, -1));
  EXPECT_THROW(to_ints(read.at("a")), std::runtime_error);
}

TEST(SafetensorsFile, AFileCanClaimAnotherHeaderLength) {
  TempFolder folder;
  write_file(folder / "x.safetensors", safetensors_bytes("{}", "", 1000));
  EXPECT_THROW(read_safetensors(folder / "x.safetensors"), std::runtime_error);
}

TEST(TempFolder, IsRemovedWithItsFiles) {
  std::filesystem::path path;
  {
    TempFolder folder;
    path = folder.path();
    write_file(folder / "file", "text");
    EXPECT_EQ(read_file(folder / "file"), "text");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Compare, ToleranceIsRelativeToTheLargestWantedValue) {
  const std::vector<float> want = {100, 1, -50, 0};
  const std::vector<float> got = {100, 1, -50, 0.5f};
  EXPECT_TRUE(close_to_max(got, want, 0.005));
  const auto failed = close_to_max(got, want, 0.0049, {2, 2});
  EXPECT_FALSE(failed);
  EXPECT_THAT(failed.message(), HasSubstr("at [1, 1] (got 0.5, want 0)"));
  EXPECT_TRUE(close_in_rms(got, want, 0.0045));
  EXPECT_FALSE(close_in_rms(got, want, 0.0044));
}

TEST(Compare, NotANumberInfinityAndOtherLengthsFail) {
  const std::vector<float> want = {1, 2};
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(close_to_max(std::vector<float>{1, NAN}, want, 1e9));
  EXPECT_FALSE(close_to_max(std::vector<float>{1, infinity}, want, 1e9));
  EXPECT_FALSE(close_to_max(std::vector<float>{1, 2}, std::vector<float>{1, infinity}, 1e9));
  EXPECT_FALSE(close_to_max(std::vector<float>{1}, want, 1e9));
  EXPECT_FALSE(close_in_rms(std::vector<float>{1, NAN}, want, 1e9));
  EXPECT_FALSE(close_to_max(std::vector<float>{1e-30f}, std::vector<float>{0}, 1e9));
  EXPECT_TRUE(close_to_max(std::vector<float>{0}, std::vector<float>{0}, 0));
}

TEST(Compare, BitsAndIds) {
  EXPECT_TRUE(same_bits(std::vector<float>{NAN}, std::vector<float>{NAN}));
  EXPECT_FALSE(same_bits(std::vector<float>{-0.0f}, std::vector<float>{0.0f}));
  EXPECT_TRUE(same_ids(std::vector<int32_t>{1, 2}, std::vector<int32_t>{1, 2}));
  EXPECT_FALSE(same_ids(std::vector<int32_t>{1}, std::vector<int32_t>{1, 2}));
  EXPECT_THAT(same_ids(std::vector<int32_t>{1, 3}, std::vector<int32_t>{1, 2}).message(),
              HasSubstr("first at [1]: got 3, want 2"));
}

TEST(CheckpointCopy, ChangesReachTheFilesAndOnlyTheCopy) {
  CheckpointCopy copy(model_folder("qwen3-tiny"));
  copy.edit_config([](nlohmann::json& config) { config["hidden_act"] = "relu"; });
  EXPECT_EQ(nlohmann::json::parse(read_file(copy.path() / "config.json")).at("hidden_act"), "relu");
  const auto original =
      nlohmann::json::parse(read_file(model_folder("qwen3-tiny") / "config.json"));
  EXPECT_EQ(original.at("hidden_act"), "silu");

  copy.remove_tensor("model.norm.weight");
  EXPECT_THROW(copy.tensor("model.norm.weight"), std::runtime_error);
  EXPECT_THROW(copy.remove_tensor("model.norm.weight"), std::runtime_error);
  copy.add_tensor("extra", f32_tensor({1}, {3}));
  EXPECT_THROW(copy.add_tensor("extra", f32_tensor({1}, {3})), std::runtime_error);
  copy.reshape_tensor("extra", {1, 1});
  EXPECT_THAT(copy.tensor("extra").shape, ElementsAre(1, 1));
  copy.scale_tensor("extra", 2);
  EXPECT_THAT(to_floats(copy.tensor("extra")), ElementsAre(6));
  copy.set_tensor("extra", f32_tensor({4, 1}, {1, 2, 3, 4}));
  copy.swap_rows("extra", 0, 2, 2);
  EXPECT_THAT(to_floats(copy.tensor("extra")), ElementsAre(3, 4, 1, 2));
  EXPECT_THROW(copy.swap_rows("extra", 0, 1, 2), std::runtime_error);
  EXPECT_THROW(copy.swap_rows("extra", 0, 3, 2), std::runtime_error);
  copy.truncate("model.safetensors", 10);
  EXPECT_EQ(std::filesystem::file_size(copy.path() / "model.safetensors"), 10);
  copy.remove("model.safetensors");
  EXPECT_THROW(copy.remove("model.safetensors"), std::runtime_error);
}

TEST(CheckpointCopy, FindsTensorsInShardsAndKeepsTheIndexRight) {
  CheckpointCopy copy(model_folder("qwen3-tiny-sharded"));
  const std::string first = copy.file_of("model.embed_tokens.weight");
  const std::string last = copy.file_of("model.norm.weight");
  EXPECT_NE(first, last);
  copy.remove_tensor("model.norm.weight");
  EXPECT_THROW(copy.file_of("model.norm.weight"), std::runtime_error);
  EXPECT_FALSE(read_safetensors(copy.path() / last).contains("model.norm.weight"));
  copy.add_tensor("extra", f32_tensor({1}, {3}));
  EXPECT_TRUE(read_safetensors(copy.path() / copy.file_of("extra")).contains("extra"));
}

TEST(CheckpointCopy, UnchangedTensorsKeepTheirBytes) {
  CheckpointCopy copy(model_folder("qwen3_5-tiny"));
  copy.edit_tensors("model.safetensors", [](StoredTensors&) {});
  const auto before = read_safetensors(model_folder("qwen3_5-tiny") / "model.safetensors");
  const auto after = read_safetensors(copy.path() / "model.safetensors");
  ASSERT_EQ(before.size(), after.size());
  for (const auto& [name, tensor] : before) {
    EXPECT_EQ(after.at(name).bytes, tensor.bytes) << name;
    EXPECT_EQ(after.at(name).shape, tensor.shape) << name;
    EXPECT_EQ(after.at(name).dtype, tensor.dtype) << name;
  }
}

TEST(CheckpointCopy, FusedExpertsHaveGateAboveUp) {
  const std::string mlp = "model.layers.1.mlp.experts.";
  const auto before = read_safetensors(model_folder("qwen3_moe-tiny") / "model.safetensors");
  CheckpointCopy copy(model_folder("qwen3_moe-tiny"));
  copy.fuse_experts();
  const StoredTensor gate_up = copy.tensor(mlp + "gate_up_proj");
  const StoredTensor down = copy.tensor(mlp + "down_proj");
  EXPECT_THAT(gate_up.shape, ElementsAre(8, 48, 64));
  EXPECT_THAT(down.shape, ElementsAre(8, 64, 24));
  const std::string& up5 = before.at(mlp + "5.up_proj.weight").bytes;
  EXPECT_EQ(gate_up.bytes.substr(11 * up5.size(), up5.size()), up5);
  const std::string& down5 = before.at(mlp + "5.down_proj.weight").bytes;
  EXPECT_EQ(down.bytes.substr(5 * down5.size(), down5.size()), down5);
  EXPECT_FALSE(
      read_safetensors(copy.path() / "model.safetensors").contains(mlp + "5.down_proj.weight"));
}

TEST(Data, EveryTinyModelHasItsCases) {
  for (const std::string& model : models_with_refs()) {
    EXPECT_TRUE(std::filesystem::exists(model_folder(model) / "config.json")) << model;
    const References refs = References::refs(model);
    ASSERT_GE(refs.cases().size(), 3) << model;
    for (const std::string& name : refs.cases()) {
      const uint64_t tokens = refs.ids(name, "input_ids").size();
      const uint64_t vocab = model.starts_with("qwen3_moe") ? 160 : 320;
      EXPECT_THAT(refs.shape(name, "logits"), ElementsAre(tokens, vocab)) << model << " " << name;
      EXPECT_THAT(refs.ids(name, "greedy_ids"), SizeIs(24)) << model << " " << name;
    }
    const bool hybrid = model.starts_with("qwen3_5") && !model.contains("moe");
    EXPECT_EQ(refs.has("p1", "recurrent_state.layer0"), hybrid) << model;
  }
}

TEST(Data, LongCasesHaveThreeThousandTokensAndTheirRows) {
  std::vector<std::string_view> models(std::begin(kTinyModels), std::end(kTinyModels));
  models.push_back(kWindowModel);
  for (std::string_view model : models) {
    const References refs = References::long_cases(model);
    EXPECT_THAT(refs.ids("long", "input_ids"), SizeIs(3000)) << model;
    const auto positions = refs.ids("long", "positions");
    EXPECT_THAT(refs.shape("long", "logits"), ElementsAre(positions.size(), 320)) << model;
    EXPECT_THAT(refs.shape("long", "hs.final_norm"), ElementsAre(positions.size(), 64)) << model;
    EXPECT_EQ(positions.back(), 2999) << model;
    // The last logits choose the first id of the continuation.
    const auto logits = refs.floats("long", "logits");
    const auto last = logits.end() - 320;
    EXPECT_EQ(std::max_element(last, logits.end()) - last, refs.ids("long", "greedy_ids").front())
        << model;
  }
  EXPECT_THAT(References::long_cases(kWindowModel).cases(),
              ElementsAre("long", "p0", "p1", "p2", "p3", "p4"));
}

TEST(Data, AMissingTensorIsNamed) {
  const References refs = References::refs("qwen3-tiny");
  EXPECT_FALSE(refs.has("p0", "hs.layer0"));
  EXPECT_THAT(refs.names("p0"), ElementsAre("greedy_ids", "greedy_margin", "input_ids", "logits"));
  try {
    refs.floats("p0", "hs.layer0");
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("has no tensor p0.hs.layer0"));
  }
}

TEST(Data, RowsAreSelectedInTheGivenOrder) {
  const std::vector<float> matrix = {0, 1, 10, 11, 20, 21};
  EXPECT_THAT(select_rows(matrix, 2, std::vector<int32_t>{2, 0}), ElementsAre(20, 21, 0, 1));
  EXPECT_THROW(select_rows(matrix, 2, std::vector<int32_t>{3}), std::runtime_error);
  EXPECT_THROW(select_rows(matrix, 2, std::vector<int32_t>{-1}), std::runtime_error);
}

TEST(Data, NanoCasesCarryPromptAndAnswer) {
  EXPECT_THAT(nano_cases("qwen3"), SizeIs(60));
  EXPECT_THAT(nano_cases("vl"), SizeIs(23));
  bool tools = false;
  for (std::string_view name : {"qwen3", "vl"}) {
    const References logits = nano_references(name);
    for (const NanoCase& nano : nano_cases(name)) {
      EXPECT_THAT(nano.prompt, HasSubstr("<|im_start|>")) << nano.id;
      EXPECT_EQ(nano.answer_ids.back(), 1895) << nano.id;
      tools = tools || !nano.tools_json.empty();
      if (!logits.has(nano.id, "logits_all")) continue;
      EXPECT_THAT(logits.shape(nano.id, "logits_all"), ElementsAre(nano.input_ids.size(), 2048));
    }
  }
  EXPECT_TRUE(tools);
}

}  // namespace
}  // namespace gerbil::testing
