// The tolerances of the golden tests are worth something: a model that is wrong in one small thing
// must miss them, on both backends.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/loaded_model.h"
#include "support/checkpoint_copy.h"
#include "support/compare.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

struct Mutation {
  std::string name;
  std::function<void(CheckpointCopy&)> apply;
};

// The text part of either layout of config.json.
nlohmann::json& text_of(nlohmann::json& config) {
  return config.contains("text_config") ? config["text_config"] : config;
}

void scale(nlohmann::json& number, double factor) { number = number.get<double>() * factor; }

std::vector<Mutation> mutations(const std::string& attention, uint64_t head_rows) {
  return {{"eps times 10",
           [](CheckpointCopy& copy) {
             copy.edit_config(
                 [](nlohmann::json& config) { scale(text_of(config)["rms_norm_eps"], 10); });
           }},
          {"theta plus 1 percent",
           [](CheckpointCopy& copy) {
             copy.edit_config([](nlohmann::json& config) {
               scale(text_of(config)["rope_parameters"]["rope_theta"], 1.01);
             });
           }},
          {"two query heads swapped", [=](CheckpointCopy& copy) {
             copy.swap_rows(attention + ".q_proj.weight", 0, head_rows, head_rows);
           }}};
}

// max |got - want| / max |want| of the logits of a case of 70 tokens.
double logits_error(const std::filesystem::path& folder, const std::string& model, bool reference) {
  LoadedModel loaded(folder, f32_choices(reference, 512));
  const References references = References::refs(model);
  const std::vector<float> got =
      to_floats(loaded.forward(references.ids("p2", "input_ids"), false).at("logits"));
  const std::vector<float> want = references.floats("p2", "logits");
  return difference(Span<const float>(got), Span<const float>(want)).relative();
}

void expect_every_mutation_to_show(const std::string& model, const std::string& attention,
                                   uint64_t head_rows) {
  for (const bool reference : {true, false}) {
    const double allowed = reference ? 5e-5 : 1e-4;
    EXPECT_LT(logits_error(model_folder(model), model, reference), allowed);
    for (const Mutation& mutation : mutations(attention, head_rows)) {
      CheckpointCopy copy(model_folder(model));
      mutation.apply(copy);
      EXPECT_GT(logits_error(copy.path(), model, reference), allowed)
          << model << ": " << mutation.name << (reference ? " on reference" : " on cpu");
    }
  }
}

TEST(Mutation, EverySmallMistakeShowsInQwen3) {
  expect_every_mutation_to_show("qwen3-tiny", "model.layers.1.self_attn", 32);
}

TEST(Mutation, EverySmallMistakeShowsInQwen3_5) {
  expect_every_mutation_to_show("qwen3_5-tiny", "model.language_model.layers.3.self_attn", 128);
}

}  // namespace
}  // namespace gerbil::testing
