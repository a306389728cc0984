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

// What can go wrong in `layer` ("model.layers.1"), which has experts.
std::vector<Mutation> expert_mutations(const std::string& layer) {
  const std::string experts = layer + ".mlp.experts.";
  const auto exchange = [](const std::string& a, const std::string& b) {
    return [=](CheckpointCopy& copy) {
      const StoredTensor first = copy.tensor(a);
      copy.set_tensor(a, copy.tensor(b));
      copy.set_tensor(b, first);
    };
  };
  return {
      {"a wrong expert", exchange(experts + "0.down_proj.weight", experts + "3.down_proj.weight")},
      {"gate for up", exchange(experts + "1.gate_proj.weight", experts + "1.up_proj.weight")},
      {"the router's rows swapped",
       [=](CheckpointCopy& copy) { copy.swap_rows(layer + ".mlp.gate.weight", 0, 1, 1); }},
      {"an expert too few", [](CheckpointCopy& copy) {
         copy.edit_config([](nlohmann::json& config) {
           nlohmann::json& chosen = text_of(config)["num_experts_per_tok"];
           chosen = chosen.get<int>() - 1;
         });
       }}};
}

void expect_every_mutation_to_show(const std::string& model,
                                   const std::vector<Mutation>& mutations) {
  for (const bool reference : {true, false}) {
    const double allowed = reference ? 5e-5 : 1e-4;
    EXPECT_LT(logits_error(model_folder(model), model, reference), allowed);
    for (const Mutation& mutation : mutations) {
      CheckpointCopy copy(model_folder(model));
      mutation.apply(copy);
      EXPECT_GT(logits_error(copy.path(), model, reference), allowed)
          << model << ": " << mutation.name << (reference ? " on reference" : " on cpu");
    }
  }
}

TEST(Mutation, EverySmallMistakeShowsInQwen3) {
  expect_every_mutation_to_show("qwen3-tiny", mutations("model.layers.1.self_attn", 32));
}

TEST(Mutation, EverySmallMistakeShowsInQwen3_5) {
  expect_every_mutation_to_show("qwen3_5-tiny",
                                mutations("model.language_model.layers.3.self_attn", 128));
}

TEST(Mutation, EverySmallMistakeWithExpertsShowsInQwen3Moe) {
  for (const std::string model : {"qwen3_moe-tiny", "qwen3_moe-mixed-tiny"}) {
    std::vector<Mutation> all = expert_mutations("model.layers.1");
    all.push_back({"normalisation", [](CheckpointCopy& copy) {
                     copy.edit_config([](nlohmann::json& config) {
                       config["norm_topk_prob"] = !config["norm_topk_prob"].get<bool>();
                     });
                   }});
    if (model == "qwen3_moe-mixed-tiny")
      all.push_back({"the window", [](CheckpointCopy& copy) {
                       copy.edit_config([](nlohmann::json& config) {
                         config["sliding_window"] = config["sliding_window"].get<int>() + 1;
                       });
                     }});
    expect_every_mutation_to_show(model, all);
  }
}

TEST(Mutation, EverySmallMistakeWithExpertsShowsInQwen3_5Moe) {
  const std::string layer = "model.language_model.layers.2";
  std::vector<Mutation> all = expert_mutations(layer);
  all.push_back({"the shared expert's gate left out", [=](CheckpointCopy& copy) {
                   // sigmoid(0) = 1/2
                   copy.scale_tensor(layer + ".mlp.shared_expert_gate.weight", 0);
                   copy.scale_tensor(layer + ".mlp.shared_expert.down_proj.weight", 2);
                 }});
  expect_every_mutation_to_show("qwen3_5_moe-tiny", all);
}

}  // namespace
}  // namespace gerbil::testing
