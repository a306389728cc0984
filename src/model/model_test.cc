#include "model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/test_model.h"

namespace gerbil::model {
namespace {

using testing::Fixture;
using testing::make_tensor;
using testing::message_of;
using testing::open_fixture;

const std::string kModels = GERBIL_SOURCE_DIR "/tests/data/models/";
const std::string kDemo = GERBIL_SOURCE_DIR "/models/qwen3_5-nano-vl";

struct Loaded {
  Model model;
  graph::Graph graph;
};

Loaded load(const std::string& folder, std::string_view config_file = "config.json") {
  const Fixture fixture = open_fixture(folder, config_file);
  const LogSink no_notes = [](std::string_view line) { ADD_FAILURE() << line; };
  auto model = load_model(fixture.config, config_file, fixture.checkpoint, no_notes);
  if (!model) throw std::runtime_error(model.error().message);
  auto graph = build_text_graph(*model);
  if (!graph) throw std::runtime_error(graph.error().message);
  return {*std::move(model), *std::move(graph)};
}

TEST(Model, EveryFixtureLoadsWithoutANoteAndClaimsEveryTensor) {
  struct Case {
    std::string folder;
    std::string_view config_file;
    std::string_view architecture;
    uint64_t claimed;
    uint64_t vision = 0;
    uint64_t mtp = 0;
  };
  const Case cases[] = {
      {kModels + "qwen2-tiny", "config.json", "Qwen2ForCausalLM", 38},
      {kModels + "qwen3-tiny", "config.json", "Qwen3ForCausalLM", 35},
      {kModels + "qwen3-tiny-untied", "config.json", "Qwen3ForCausalLM", 25},
      {kModels + "qwen3-tiny-sharded", "config.json", "Qwen3ForCausalLM", 35},
      {kModels + "qwen3-window-tiny", "config.json", "Qwen3ForCausalLM", 35},
      {kModels + "qwen3-window-tiny", "config.old.json", "Qwen3ForCausalLM", 35},
      {kModels + "qwen3-nano", "config.json", "Qwen3ForCausalLM", 46},
      {kModels + "qwen3_5-text-tiny", "config.json", "Qwen3_5ForCausalLM", 56},
      {kModels + "qwen3_5-tiny", "config.json", "Qwen3_5ForConditionalGeneration", 108, 33},
      {kModels + "qwen3_5-tiny", "config.tf517.json", "Qwen3_5ForConditionalGeneration", 108, 33},
      {kModels + "qwen3_moe-tiny", "config.json", "Qwen3MoeForCausalLM", 2 + 2 * (8 + 1 + 8 * 3)},
      {kModels + "qwen3_moe-mixed-tiny", "config.json", "Qwen3MoeForCausalLM",
       3 + 4 * 8 + 3 * 3 + 1 + 6 * 3},
      {kModels + "qwen3_5_moe-tiny", "config.json", "Qwen3_5MoeForConditionalGeneration",
       3 + 4 * (2 + 1 + 8 * 3 + 4) + 3 * 9 + 6, 4},
      {kModels + "qwen3_5_moe-tiny", "config.tf517.json", "Qwen3_5MoeForConditionalGeneration",
       3 + 4 * (2 + 1 + 8 * 3 + 4) + 3 * 9 + 6, 4},
      {kDemo, "config.json", "Qwen3_5ForConditionalGeneration", 108, 57, 15},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.folder);
    const Loaded loaded = load(c.folder, c.config_file);
    EXPECT_EQ(loaded.model.family->architecture, c.architecture);
    const LoadReport& report = loaded.model.report;
    EXPECT_EQ(report.claimed.tensors, c.claimed);
    EXPECT_GT(report.claimed.bytes, 0u);
    std::vector<std::pair<std::string_view, uint64_t>> skipped;
    std::vector<std::pair<std::string_view, uint64_t>> expected;
    for (const auto& rule : report.skipped) {
      skipped.emplace_back(rule.rule, rule.count.tensors);
      EXPECT_GT(rule.count.bytes, 0u);
    }
    if (c.vision > 0) expected.emplace_back("vision", c.vision);
    if (c.mtp > 0) expected.emplace_back("mtp", c.mtp);
    EXPECT_EQ(skipped, expected);
  }
}

}  // namespace
}  // namespace gerbil::model
