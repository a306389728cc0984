// gerbil plan: text and JSON, and that its numbers are those of the loaded engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/expect.h"
#include "cli/process.h"
#include "gerbil/gerbil.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

Json plan_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "plan");
  arguments.insert(arguments.end(), {"--json", "--quiet"});
  const Finished run = gerbil(arguments);
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output.find('\n'), run.output.size() - 1);
  return Json::parse(run.output);
}

TEST(PlanTest, PrintsWhatAModelTakes) {
  const Finished run = gerbil({"plan", "demo"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(run.errors.starts_with("gerbil: note: weights are held at q8: ")) << run.errors;
  EXPECT_EQ(std::ranges::count(run.errors, '\n'), 1) << run.errors;
  for (const std::string words :
       {"Qwen3_5ForConditionalGeneration, 5.8 M parameters", "8 layers (2 attention, 6 recurrent)",
        "skipped: vision     57 tensors", "skipped: mtp        15 tensors", "  embedding ",
        "  attention ", "  recurrent ", "  mlp ", "  norms ", "  work memory ", "  KV cache ",
        "  recurrent states ", "  total ", "the largest context that fits: 4,096 tokens"})
    EXPECT_TRUE(run.output.contains(words)) << words << "\n" << run.output;
}

// Every number in a checkpoint whose sizes are easy to count.
TEST(PlanTest, TheNumbersAddUp) {
  for (const std::string quant : {"stored", "f32", "bf16", "f16", "q8", "q6", "q4"}) {
    const Json plan = plan_json(
        {demo_folder(), "--quant", quant, "--threads", "1", "--batch", "32", "--context", "1024"});
    const Json& memory = plan["memory"];
    uint64_t bytes = 0;
    uint64_t tensors = 0;
    uint64_t parameters = 0;
    uint64_t stored = 0;
    for (const Json& of : memory["weights"]) {
      uint64_t held = 0;
      for (const Json& encoding : of["held"]) held += encoding["bytes"].get<uint64_t>();
      EXPECT_EQ(held, of["bytes"]) << of;
      for (const Json& encoding : of["stored"]) stored += encoding["bytes"].get<uint64_t>();
      bytes += held;
      tensors += of["tensors"].get<uint64_t>();
      parameters += of["parameters"].get<uint64_t>();
    }
    EXPECT_EQ(bytes, memory["weight_bytes"]);
    EXPECT_EQ(tensors, plan["disk"]["needed"]["tensors"]);
    EXPECT_EQ(stored, plan["disk"]["needed"]["bytes"]);
    EXPECT_EQ(parameters, plan["model"]["parameters"]);
    EXPECT_EQ(memory["total_bytes"], bytes + memory["step_bytes"].get<uint64_t>() +
                                         memory["kv_bytes"].get<uint64_t>() +
                                         memory["recurrent_bytes"].get<uint64_t>());
    // 2 layers with 2 heads of 64 for K and for V.
    const uint64_t kv = quant == "f32" ? 4 : 2;
    EXPECT_EQ(memory["kv_bytes_per_1k_tokens"], 1024 * 2 * 2 * 2 * 64 * kv) << quant;
    EXPECT_EQ(plan["choices"], (Json{{"backend", "cpu"},
                                     {"threads", 1},
                                     {"quant", quant},
                                     {"activations", quant[0] == 'q' ? "int8" : "f32"},
                                     {"kv", quant == "f32" ? "f32" : "f16"},
                                     {"batch", 32},
                                     {"context", 1024}}));
  }
}

TEST(PlanTest, KnowsTheTypeOfTheCache) {
  const auto per_1k = [](const std::string& kv) {
    const Json plan = plan_json({demo_folder(), "--kv", kv});
    EXPECT_EQ(plan["choices"]["kv"], kv);
    return plan["memory"]["kv_bytes_per_1k_tokens"].get<uint64_t>();
  };
  const uint64_t numbers = 1024 * 2 * 2 * 2 * 64;
  EXPECT_EQ(per_1k("f32"), 4 * numbers);
  EXPECT_EQ(per_1k("f16"), 2 * numbers);
  EXPECT_EQ(per_1k("q8"), numbers + numbers / 32 * 2);  // and a scale of f16 for every 32
}

TEST(PlanTest, IsWhatTheEngineLoads) {
  std::vector<std::string> models = {demo_folder()};
  for (const std::string& name : models_with_refs()) models.push_back(model_folder(name));
  for (const std::string& model : models)
    for (const Quant quant : {Quant::kAuto, Quant::kF32, Quant::kBF16, Quant::kF16, Quant::kQ8,
                              Quant::kQ6, Quant::kQ4}) {
      const LoadOptions options{.model = model,
                                .bundled_models = {},
                                .quant = quant,
                                .kv = quant == Quant::kBF16 ? Kv::kQ8 : Kv::kAuto,
                                .threads = 2,
                                .batch = 64};
      const auto planned = plan(options);
      const auto engine = Engine::load(options);
      ASSERT_TRUE(planned) << planned.error().message;
      ASSERT_TRUE(engine) << engine.error().message;
      const ModelInfo& info = (*engine)->info();
      EXPECT_EQ(planned->weight_bytes, info.weight_bytes) << model;
      EXPECT_EQ(planned->architecture, info.architecture);
      EXPECT_EQ(planned->backend, info.backend);
      EXPECT_EQ(planned->context, info.context);
      EXPECT_EQ(planned->vocab_size, info.vocab_size);
      EXPECT_TRUE(info.choices.contains("quant " + planned->quant)) << info.choices;
      EXPECT_TRUE(info.choices.contains("kv " + planned->kv)) << info.choices;
      EXPECT_TRUE(info.choices.contains("batch 64")) << info.choices;
      EXPECT_TRUE(planned->fits);
    }
}

TEST(PlanTest, AModelWithoutATokenizerHasAPlan) {
  const Json plan = plan_json({model_folder("qwen3-tiny-sharded")});
  EXPECT_TRUE(plan["model"]["tokenizer"].is_null());
  EXPECT_EQ(plan["disk"]["skipped"], Json::array());
  const Json untied = plan_json({model_folder("qwen3-tiny-untied")});
  EXPECT_EQ(untied["memory"]["weights"].back()["class"], "output");
}

TEST(PlanTest, OfExpertsOnlyTheUsedOnesWork) {
  const Json model = plan_json({model_folder("qwen3_5_moe-tiny")})["model"];
  const Json config =
      Json::parse(read_file(model_folder("qwen3_5_moe-tiny") / "config.json"))["text_config"];
  const int64_t layers = config["num_hidden_layers"];
  const int64_t experts = config["num_experts"];
  const int64_t used = config["num_experts_per_tok"];
  const int64_t width = config["moe_intermediate_size"];
  const int64_t hidden = config["hidden_size"];
  EXPECT_EQ(model["experts"], experts);
  EXPECT_EQ(model["experts_per_token"], used);
  EXPECT_EQ(model["active_parameters"].get<int64_t>(),
            model["parameters"].get<int64_t>() - layers * (experts - used) * 3 * width * hidden);
  const Json dense = plan_json({demo_folder()})["model"];
  EXPECT_EQ(dense["experts"], 0);
  EXPECT_EQ(dense["active_parameters"], dense["parameters"]);
}

TEST(PlanTest, WindowsBoundTheCache) {
  const Json plan = plan_json({model_folder(kWindowModel), "--context", "4096"});
  EXPECT_EQ(plan["model"]["windowed_layers"], 2);
  EXPECT_GT(plan["memory"]["kv_window_bytes"], 0);
}

TEST(PlanTest, WhatCannotBeLoadedHasNoPlan) {
  EXPECT_TRUE(failed(gerbil({"plan", "demo", "--context", "4097"}), 1, {"context", "4096"}));
  EXPECT_TRUE(failed(gerbil({"plan", "/nowhere"}), 1, {"/nowhere"}));
  CheckpointCopy copy(model_folder("qwen3-tiny-sharded"));
  const std::string shard = copy.file_of("model.norm.weight");
  copy.remove(shard);
  EXPECT_TRUE(failed(gerbil({"plan", copy.path()}), 1, {shard, "missing"}));
  CheckpointCopy bare(demo_folder());
  bare.remove("model.safetensors");
  EXPECT_TRUE(failed(gerbil({"plan", bare.path()}), 1, {"model.safetensors"}));
  CheckpointCopy short_file(model_folder("qwen3-tiny"));
  short_file.truncate("model.safetensors", 200);
  EXPECT_TRUE(failed(gerbil({"plan", short_file.path()}), 1, {"model.safetensors"}));
  CheckpointCopy odd(model_folder("qwen3-tiny"));
  odd.remove_tensor("model.norm.weight");
  EXPECT_TRUE(failed(gerbil({"plan", odd.path()}), 1, {"model.norm.weight"}));
}

}  // namespace
}  // namespace gerbil::testing
