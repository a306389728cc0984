// Pictures and videos against the reference implementation's outputs, given the same pixels: what
// the encoder makes of them, the positions, the logits behind them and the greedy continuation, on
// both backends and for steps that cut through a picture.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "golden/loaded_model.h"
#include "support/checkpoint_copy.h"
#include "support/compare.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr std::string_view kModel = "qwen3_5-tiny";

References vision_references() { return References::refs("qwen3_5-tiny-vision"); }

runtime::ForwardMedia media_of(const References& references, const std::string& name,
                               const std::string& pixels, const std::string& grids) {
  runtime::ForwardMedia media;
  if (!references.has(name, grids)) return media;
  for (const char level : references.at(name, pixels + "_u8").bytes)
    media.patches.push_back((static_cast<float>(static_cast<uint8_t>(level)) - 127.5F) / 127.5F);
  const std::vector<int32_t> numbers = references.ids(name, grids);
  for (size_t i = 0; i < numbers.size(); i += 3)
    media.grids.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  return media;
}

runtime::ForwardInput input_of(const References& references, const std::string& name) {
  return {.ids = references.ids(name, "input_ids"),
          .taps = true,
          .pictures = media_of(references, name, "pixel_values", "image_grid_thw"),
          .videos = media_of(references, name, "pixel_values_videos", "video_grid_thw")};
}

std::string engine_name(const std::string& reference) {
  if (reference == "hs.embed") return "hidden.0";
  if (reference == "hs.final_norm") return "hidden.final";
  if (reference == "logits" || reference.starts_with("vis.")) return reference;
  return "";
}

struct Choice {
  bool reference;
  int64_t batch;
};

class GoldenVision : public ::testing::TestWithParam<Choice> {};

TEST_P(GoldenVision, MatchesTheReferenceImplementation) {
  const Choice choice = GetParam();
  const double allowed = choice.reference ? 5e-5 : 1e-4;
  LoadedModel model(model_folder(kModel), f32_choices(choice.reference, choice.batch), true);
  const References references = vision_references();
  ASSERT_EQ(references.cases().size(), 4U);
  for (const std::string& name : references.cases()) {
    SCOPED_TRACE(name);
    const runtime::ForwardInput input = input_of(references, name);
    const StoredTensors got = model.forward(input);
    int compared = 0;
    for (const std::string& what : references.names(name)) {
      const std::string mine = engine_name(what);
      if (mine.empty()) continue;
      ASSERT_TRUE(got.contains(mine)) << mine;
      EXPECT_TRUE(close_to_max(to_floats(got.at(mine)), references.floats(name, what), allowed,
                               references.shape(name, what)))
          << what;
      ++compared;
    }
    EXPECT_GE(compared, 6);  // logits, and five places in the encoder
    for (const std::string what :
         {"position_ids", "rope_deltas", "image_grid_thw", "video_grid_thw"})
      if (references.has(name, what)) {
        EXPECT_EQ(to_ints(got.at(what)), to_ints(references.at(name, what))) << what;
      }
    const auto greedy = references.ids(name, "greedy_ids");
    EXPECT_TRUE(same_ids(model.greedy(input, std::ssize(greedy)), greedy));
  }
}

std::string choice_name(const ::testing::TestParamInfo<Choice>& choice) {
  return (choice.param.reference ? "reference_" : "cpu_") + std::to_string(choice.param.batch);
}

INSTANTIATE_TEST_SUITE_P(Choices, GoldenVision,
                         ::testing::Values(Choice{true, 1}, Choice{true, 7}, Choice{true, 64},
                                           Choice{true, 512}, Choice{false, 1}, Choice{false, 7},
                                           Choice{false, 64}, Choice{false, 512}),
                         choice_name);

// The tower's linear layers at 8 bits are the same computation on both backends.
TEST(GoldenVisionQuant, IsTheSameComputationInEveryBackend) {
  const References references = vision_references();
  runtime::RunnerOptions options = f32_choices(true, 512);
  options.weights = backend::WeightChoice::kQ4;
  options.int8_activations = false;
  LoadedModel reference(model_folder(kModel), options, true);
  options.reference = false;
  LoadedModel cpu(model_folder(kModel), options, true);
  for (const std::string& name : references.cases()) {
    const runtime::ForwardInput input = input_of(references, name);
    const StoredTensors want = reference.forward(input), got = cpu.forward(input);
    for (const std::string what : {"vis.merger", "logits"})
      EXPECT_TRUE(close_to_max(to_floats(got.at(what)), to_floats(want.at(what)), 2e-3))
          << name << " " << what;
  }
}

// A picture alone and one of several are encoded alike, bit for bit.
TEST(GoldenVisionCompany, ChangesNothing) {
  const References references = vision_references();
  LoadedModel model(model_folder(kModel), f32_choices(false, 512), true);
  runtime::VisionEncoder& encoder = model.encoder();
  const runtime::ForwardMedia two = media_of(references, "img2", "pixel_values", "image_grid_thw");
  ASSERT_EQ(two.grids.size(), 2U);
  std::vector<float> together, apart;
  std::vector<graph::PatchGroup> groups;
  for (const runtime::Grid& grid : two.grids) runtime::append_groups(grid, groups);
  ASSERT_TRUE(encoder.encode(groups, two.patches, together));
  size_t from = 0;
  for (const graph::PatchGroup& group : groups) {
    const size_t numbers = static_cast<size_t>(group.patches()) * 1536;
    ASSERT_TRUE(
        encoder.encode({&group, 1}, Span<const float>(two.patches).subspan(from, numbers), apart));
    from += numbers;
  }
  EXPECT_EQ(together, apart);
}

// Small mistakes in the tower show in its output.
TEST(GoldenVisionMutation, EverySmallMistakeShows) {
  const References references = vision_references();
  const runtime::ForwardInput input = input_of(references, "img1");
  const std::vector<float> want = references.floats("img1", "vis.merger");
  const auto error_of = [&](const std::filesystem::path& folder) {
    LoadedModel model(folder, f32_choices(false, 512), true);
    const std::vector<float> got = to_floats(model.forward(input).at("vis.merger"));
    return difference(Span<const float>(got), Span<const float>(want)).relative();
  };
  EXPECT_LT(error_of(model_folder(kModel)), 1e-4);
  CheckpointCopy theta(model_folder(kModel));
  theta.edit_config([](nlohmann::json& config) {
    config["vision_config"]["rope_parameters"]["rope_theta"] = 10100.0;
  });
  EXPECT_GT(error_of(theta.path()), 1e-4);
  CheckpointCopy heads(model_folder(kModel));
  heads.swap_rows("model.visual.blocks.1.attn.qkv.weight", 0, 16, 16);
  EXPECT_GT(error_of(heads.path()), 1e-4);
}

// tanh for erf in the merger, on both backends.
TEST(GoldenVisionMutation, TheOtherGeluShowsInTheMerger) {
  const References references = vision_references();
  const runtime::ForwardInput input = input_of(references, "img1");
  const std::vector<float> want = references.floats("img1", "vis.merger");
  for (const bool reference : {true, false}) {
    LoadedModel model(model_folder(kModel), f32_choices(reference, 512), true);
    const double allowed = reference ? 5e-5 : 1e-4;
    const auto error_of = [&](bool tanh) {
      graph::Graph graph = model.encoder().graph();
      int exact = 0;
      for (graph::Node& node : graph.nodes)
        if (auto* gelu = std::get_if<graph::Gelu>(&node.op); gelu != nullptr && !gelu->tanh) {
          ++exact;
          gelu->tanh = tanh;
        }
      EXPECT_EQ(exact, 1);
      const std::vector<float> got = model.run_encoder(graph, input.pictures);
      return difference(Span<const float>(got), Span<const float>(want)).relative();
    };
    EXPECT_LT(error_of(false), allowed);
    EXPECT_GT(error_of(true), allowed);
  }
}

}  // namespace
}  // namespace gerbil::testing
