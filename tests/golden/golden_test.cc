// Every text checkpoint against the reference implementation's outputs: docs/architecture.md,
// "Numbers". The rows of that table are held for both backends and several numbers of rows a step.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "golden/loaded_model.h"
#include "platform/cpu_features.h"
#include "support/checkpoint_copy.h"
#include "support/compare.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using platform::Isa;

struct Choice {
  bool reference;
  int64_t batch;
  Isa isa = platform::best_isa();

  runtime::RunnerOptions options() const {
    runtime::RunnerOptions result = f32_choices(reference, batch);
    result.isa = isa;
    return result;
  }
};

// The levels below the best one that this machine has: each with one number of rows.
std::vector<Choice> with_lower_levels(std::vector<Choice> choices, int64_t batch) {
  for (const Isa isa : platform::supported_isas())
    if (isa != platform::best_isa()) choices.push_back({false, batch, isa});
  return choices;
}

double tolerance(const Choice& choice) { return choice.reference ? 5e-5 : 1e-4; }

// The engine's name of a reference tensor, or "" where it writes none.
std::string engine_name(const std::string& reference, int64_t layers) {
  if (reference == "hs.embed") return "hidden.0";
  if (reference == "hs.final_norm") return "hidden.final";
  if (reference.starts_with("hs.layer")) {
    const int64_t layer = std::stoll(reference.substr(8));
    EXPECT_LT(layer, layers);
    return "hidden." + std::to_string(layer + 1);
  }
  if (reference == "logits" || reference.starts_with("conv_state.") ||
      reference.starts_with("recurrent_state."))
    return reference;
  return "";
}

void compare_case(LoadedModel& model, const References& references, const std::string& name,
                  double allowed) {
  SCOPED_TRACE(name);
  const StoredTensors got = model.forward(references.ids(name, "input_ids"));
  int compared = 0;
  for (const std::string& what : references.names(name)) {
    const std::string mine = engine_name(what, model.model().config->layer_count());
    if (mine.empty()) continue;
    ASSERT_TRUE(got.contains(mine)) << mine;
    const StoredTensor& tensor = got.at(mine);
    std::vector<float> values = to_floats(tensor);
    const std::vector<float> want = references.floats(name, what);
    const bool selected = references.has(name, "positions") && !mine.contains("state");
    if (selected) values = select_rows(values, tensor.shape[1], references.ids(name, "positions"));
    EXPECT_TRUE(close_to_max(values, want, allowed, references.shape(name, what))) << what;
    ++compared;
  }
  EXPECT_GE(compared, 1);
  const auto greedy = references.ids(name, "greedy_ids");
  EXPECT_TRUE(
      same_ids(model.greedy(references.ids(name, "input_ids"), std::ssize(greedy)), greedy));
}

class Golden : public ::testing::TestWithParam<std::tuple<std::string, Choice>> {};

TEST_P(Golden, MatchesTheReferenceImplementation) {
  const auto& [name, choice] = GetParam();
  LoadedModel model(model_folder(name), choice.options());
  const References references = References::refs(name);
  for (const std::string& test_case : references.cases())
    compare_case(model, references, test_case, tolerance(choice));
}

std::string case_name(const ::testing::TestParamInfo<std::tuple<std::string, Choice>>& info) {
  std::string name = std::get<0>(info.param);
  std::ranges::replace(name, '-', '_');
  const Choice& choice = std::get<1>(info.param);
  std::string backend = "cpu";
  if (choice.reference) backend = "reference";
  if (choice.isa != platform::best_isa()) backend += "_" + std::string(platform::name(choice.isa));
  std::ranges::replace(backend, '-', '_');
  return name + "_" + backend + "_" + std::to_string(choice.batch);
}

const std::vector<Choice> kChoices = with_lower_levels({{true, 1},
                                                        {true, 7},
                                                        {true, 64},
                                                        {true, 512},
                                                        {false, 1},
                                                        {false, 7},
                                                        {false, 64},
                                                        {false, 512}},
                                                       64);

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         ::testing::Combine(::testing::ValuesIn(models_with_refs()),
                                            ::testing::ValuesIn(kChoices)),
                         case_name);

// Experts in one tensor a layer instead of three an expert.
class GoldenFused : public Golden {};

TEST_P(GoldenFused, ExpertsInOneTensorAreTheSameModel) {
  const auto& [name, choice] = GetParam();
  CheckpointCopy copy(model_folder(name));
  copy.fuse_experts();
  LoadedModel model(copy.path(), choice.options());
  const References references = References::refs(name);
  for (const std::string& test_case : references.cases())
    compare_case(model, references, test_case, tolerance(choice));
}

INSTANTIATE_TEST_SUITE_P(
    Models, GoldenFused,
    ::testing::Combine(::testing::ValuesIn(std::vector<std::string>(std::begin(kExpertModels),
                                                                    std::end(kExpertModels))),
                       ::testing::ValuesIn(kChoices)),
    case_name);

// 3,000 tokens in float64, and the sliding window, which no checkpoint of transformers' fixtures
// has.
class GoldenLong : public ::testing::TestWithParam<std::tuple<std::string, Choice>> {};

TEST_P(GoldenLong, MatchesFloat64Over3000Tokens) {
  const auto& [name, choice] = GetParam();
  LoadedModel model(model_folder(name), choice.options());
  const References references = References::long_cases(name);
  for (const std::string& test_case : references.cases())
    compare_case(model, references, test_case, tolerance(choice));
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenLong,
                         ::testing::Combine(::testing::Values("qwen2-tiny", "qwen3-tiny",
                                                              "qwen3-window-tiny", "qwen3_5-tiny",
                                                              "qwen3_5-text-tiny"),
                                            ::testing::ValuesIn(with_lower_levels(
                                                {{true, 512}, {false, 7}, {false, 512}}, 512))),
                         case_name);

TEST(GoldenWindow, OldAndNewConfigsMeanTheSameModel) {
  const std::vector<int32_t> ids = References::long_cases(kWindowModel).ids("p4", "input_ids");
  LoadedModel current(model_folder(kWindowModel), f32_choices(false, 64));
  const StoredTensors want = current.forward(ids, false);
  const TempFolder folder;
  for (const auto& file : std::filesystem::directory_iterator(model_folder(kWindowModel)))
    std::filesystem::copy(file.path(), folder.path());
  std::filesystem::rename(folder / "config.old.json", folder / "config.json");
  LoadedModel old(folder.path(), f32_choices(false, 64));
  EXPECT_EQ(old.forward(ids, false).at("logits").bytes, want.at("logits").bytes);
}

// What a choice costs, against the same model at f32 choices.
TEST(GoldenChoices, AnF16CacheCostsAThousandthOfTheLogits) {
  for (const std::string& name : models_with_refs()) {
    const std::vector<int32_t> ids = References::refs(name).ids("p2", "input_ids");
    const std::vector<float> want = References::refs(name).floats("p2", "logits");
    for (const bool reference : {true, false}) {
      runtime::RunnerOptions options = f32_choices(reference, 512);
      options.kv = graph::KvType::kF16;
      LoadedModel model(model_folder(name), options);
      EXPECT_TRUE(close_in_rms(to_floats(model.forward(ids, false).at("logits")), want, 1e-3))
          << name;
    }
  }
}

runtime::RunnerOptions q8_cache(bool reference, int64_t batch) {
  runtime::RunnerOptions options = f32_choices(reference, batch);
  options.kv = graph::KvType::kQ8;
  return options;
}

// The prompts of a model's references.
std::vector<std::vector<int32_t>> prompts_of(const std::string& name) {
  std::vector<std::vector<int32_t>> prompts;
  const References references = References::refs(name);
  for (const std::string& test_case : references.cases())
    prompts.push_back(references.ids(test_case, "input_ids"));
  return prompts;
}

TEST(GoldenChoices, AQ8CacheCostsFiveHundredthsOfTheLogits) {
  for (const std::string& name : models_with_refs()) {
    LoadedModel exact(model_folder(name), f32_choices(false, 512));
    for (const bool reference : {true, false}) {
      LoadedModel model(model_folder(name), q8_cache(reference, 512));
      for (const std::vector<int32_t>& prompt : prompts_of(name)) {
        const std::vector<float> want = to_floats(exact.forward(prompt, false).at("logits"));
        EXPECT_TRUE(close_in_rms(to_floats(model.forward(prompt, false).at("logits")), want, 5e-2))
            << name << (reference ? ", reference" : ", cpu");
      }
    }
  }
}

TEST(GoldenChoices, AQ8CacheIsTheSameComputationOnBothBackends) {
  for (const std::string& name : models_with_refs()) {
    LoadedModel reference(model_folder(name), q8_cache(true, 512));
    const std::vector<std::vector<int32_t>> prompts = prompts_of(name);
    std::vector<std::vector<float>> want;
    for (const std::vector<int32_t>& prompt : prompts)
      want.push_back(to_floats(reference.forward(prompt, false).at("logits")));
    for (const int64_t batch : {7, 512}) {
      LoadedModel cpu(model_folder(name), q8_cache(false, batch));
      for (size_t i = 0; i < prompts.size(); ++i)
        EXPECT_TRUE(
            close_to_max(to_floats(cpu.forward(prompts[i], false).at("logits")), want[i], 2e-3))
            << name << ", batch " << batch;
    }
  }
}

TEST(GoldenChoices, WeightsAtF32AreTheStoredOnes) {
  for (const std::string& name : models_with_refs()) {
    const References references = References::refs(name);
    runtime::RunnerOptions options = f32_choices(false, 512);
    options.weights = backend::WeightChoice::kF32;
    LoadedModel model(model_folder(name), options);
    for (const std::string& test_case : references.cases()) {
      SCOPED_TRACE(name);
      compare_case(model, references, test_case, 1e-4);
    }
  }
}

// Every choice of weights, activations and cache is the same computation in every backend and on
// every instruction set: cpu against reference, by the table.
struct Table {
  backend::WeightChoice weights;
  graph::KvType kv;
};

class GoldenTable : public ::testing::TestWithParam<Table> {
 protected:
  static void compare(const std::string& name, runtime::RunnerOptions options,
                      const std::vector<int32_t>& ids, const StoredTensors& want) {
    const bool int8 = *options.int8_activations;
    LoadedModel model(model_folder(name), options);
    const StoredTensors got = model.forward(ids);
    // A number on the border of two int8 codes may get the other one, and from there on all
    // roundings are other ones: what comes of that is measured after the first layer.
    const auto what = int8 ? "hidden.1" : "logits";
    const std::vector<float> mine = to_floats(got.at(what));
    const std::vector<float> theirs = to_floats(want.at(what));
    EXPECT_TRUE(int8 ? close_in_rms(mine, theirs, 1e-2) : close_to_max(mine, theirs, 2e-3))
        << name << (int8 ? ", int8 activations" : "") << ", batch " << options.batch << ", "
        << platform::name(*options.isa);
  }
};

TEST_P(GoldenTable, IsTheSameComputationInEveryBackendOnEveryInstructionSet) {
  for (const std::string& name : models_with_refs()) {
    const std::vector<int32_t> ids = References::refs(name).ids("p2", "input_ids");
    for (const bool int8 : {false, true}) {
      runtime::RunnerOptions options = f32_choices(true, 512);
      options.weights = GetParam().weights;
      options.kv = GetParam().kv;
      options.int8_activations = int8;
      options.isa = platform::best_isa();
      LoadedModel reference(model_folder(name), options);
      const StoredTensors want = reference.forward(ids);
      options.reference = false;
      for (const Isa isa : platform::supported_isas()) {
        options.isa = isa;
        options.batch = 64;
        compare(name, options, ids, want);
      }
      if (options.kv != graph::KvType::kF32) continue;
      for (const int64_t batch : {1, 7, 512}) {
        options.batch = batch;
        compare(name, options, ids, want);
      }
    }
  }
}

std::vector<Table> every_choice() {
  using enum backend::WeightChoice;
  std::vector<Table> all = {{kF16, graph::KvType::kF32}};
  for (const backend::WeightChoice weights : {kQ8, kQ6, kQ4})
    for (const graph::KvType kv : {graph::KvType::kF32, graph::KvType::kF16, graph::KvType::kQ8})
      all.push_back({weights, kv});
  return all;
}

std::string table_name(const ::testing::TestParamInfo<Table>& table) {
  constexpr const char* kKv[] = {"f32", "f16", "q8"};
  using enum backend::WeightChoice;
  const auto weights = table.param.weights;
  const std::string bits = weights == kF16  ? "f16"
                           : weights == kQ8 ? "q8"
                           : weights == kQ6 ? "q6"
                                            : "q4";
  return bits + "_kv_" + kKv[static_cast<int>(table.param.kv)];
}

INSTANTIATE_TEST_SUITE_P(Choices, GoldenTable, ::testing::ValuesIn(every_choice()), table_name);

// The later layers of a random model double an error, those of a trained one do not: nano_test.cc
// counts the answers that change.
TEST(GoldenChoices, Int8ActivationsCostAFewHundredthsOfALayer) {
  for (const std::string& name : models_with_refs()) {
    const std::vector<int32_t> ids = References::refs(name).ids("p2", "input_ids");
    runtime::RunnerOptions options = f32_choices(false, 512);
    options.weights = backend::WeightChoice::kQ8;
    options.int8_activations = false;
    LoadedModel exact(model_folder(name), options);
    options.int8_activations = true;
    LoadedModel rounded(model_folder(name), options);
    const StoredTensors want = exact.forward(ids), got = rounded.forward(ids);
    EXPECT_TRUE(close_in_rms(to_floats(got.at("hidden.1")), to_floats(want.at("hidden.1")), 5e-2))
        << name;
    if (name == "qwen2-tiny" || name == "qwen3-tiny") {
      EXPECT_TRUE(close_in_rms(to_floats(got.at("logits")), to_floats(want.at("logits")), 5e-2))
          << name;
    }
  }
}

TEST(GoldenThreads, ChangeNothingBitForBit) {
  for (const std::string name :
       {"qwen3-tiny", "qwen3_5-tiny", "qwen3_moe-tiny", "qwen3_5_moe-tiny"}) {
    const std::vector<int32_t> ids = References::refs(name).ids("p2", "input_ids");
    LoadedModel one(model_folder(name), f32_choices(false, 64, 1));
    const StoredTensors want = one.forward(ids);
    for (int threads : {2, 3, 7}) {
      LoadedModel more(model_folder(name), f32_choices(false, 64, threads));
      for (const auto& [tensor, value] : more.forward(ids))
        EXPECT_EQ(value.bytes, want.at(tensor).bytes)
            << name << " " << tensor << " " << threads << " threads";
    }
  }
}

TEST(GoldenThreads, ChangeNothingOfQuantisedWeights) {
  const std::vector<int32_t> ids = References::refs("qwen3_5-tiny").ids("p2", "input_ids");
  runtime::RunnerOptions options = f32_choices(false, 64, 1);
  options.weights = backend::WeightChoice::kQ4;
  LoadedModel one(model_folder("qwen3_5-tiny"), options);
  const StoredTensors want = one.forward(ids);
  for (const int threads : {2, 3, 7}) {
    options.threads = threads;
    LoadedModel more(model_folder("qwen3_5-tiny"), options);
    for (const auto& [tensor, value] : more.forward(ids))
      EXPECT_EQ(value.bytes, want.at(tensor).bytes) << tensor << " " << threads << " threads";
  }
}

}  // namespace
}  // namespace gerbil::testing
