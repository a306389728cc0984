// What a model is said to take against what it takes.
#include "runtime/footprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>

#include "hub/model_files.h"
#include "runtime/engine.h"
#include "state/tiny_model.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

using runtime::Footprint;
using runtime::Runner;
using runtime::RunnerOptions;

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

std::vector<RunnerOptions> all_choices() {
  using enum backend::WeightChoice;
  return {{.kv = graph::KvType::kF16, .threads = 1},
          {.weights = kF32, .kv = graph::KvType::kF32, .threads = 3, .batch = 64, .context = 100},
          {.weights = kBF16, .threads = 2, .batch = 1, .context = 1},
          {.weights = kF16, .threads = 2},
          {.weights = kQ8, .threads = 2, .batch = 7},
          {.weights = kQ6, .int8_activations = false, .threads = 1},
          {.weights = kQ4, .threads = 1},
          {.weights = std::nullopt, .threads = 2},
          {.kv = graph::KvType::kQ8, .threads = 2, .batch = 64, .context = 100},
          {.reference = true, .kv = graph::KvType::kF32, .batch = 17, .context = 33}};
}

// Every byte that is not computed from a length that the test does not run is exact.
void expect_as_loaded(const model::Model& model, const RunnerOptions& options) {
  const Footprint footprint = value_of(runtime::measure(model, options, {}));
  const auto runner = value_of(Runner::load(model, options, {}, {}));
  EXPECT_EQ(footprint.weight_bytes(), runner->weight_bytes());
  EXPECT_EQ(footprint.step_bytes, runner->plan().size_bytes());
  EXPECT_EQ(footprint.choices.context, runner->context());
  EXPECT_EQ(footprint.backend, runner->backend().name());
  EXPECT_EQ(footprint.threads, runner->backend().threads());

  backend::StateStore& store = runner->states().store();
  EXPECT_EQ(store.size_bytes(), 0U);
  const auto pages =
      runtime::most_pages(footprint.layout, footprint.choices.context, options.batch);
  for (size_t pool = 0; pool < pages.size(); ++pool)
    ASSERT_TRUE(store.reserve_pages(static_cast<int32_t>(pool), static_cast<int32_t>(pages[pool])));
  ASSERT_TRUE(store.reserve_slots(footprint.slots));
  EXPECT_EQ(footprint.state_bytes(), store.size_bytes());
}

TEST(FootprintTest, IsWhatTheRunnerTakes) {
  std::vector<std::filesystem::path> folders = {demo_folder()};
  for (const std::string& name : models_with_refs()) folders.push_back(model_folder(name));
  folders.push_back(model_folder(kWindowModel));
  for (const std::filesystem::path& folder : folders) {
    SCOPED_TRACE(folder.filename());
    const hub::ModelFiles files = value_of(hub::open_model(folder.string(), {}));
    const model::Model model =
        value_of(model::load_model(files.config, files.path("config.json"), files.checkpoint));
    for (const RunnerOptions& options : all_choices()) expect_as_loaded(model, options);
  }
}

TEST(FootprintTest, AContextThatFitsIsTheLargest) {
  const model::Model model = tiny_full(4);
  const Footprint small = value_of(runtime::measure(model, {.threads = 1, .context = 64}, {}));
  EXPECT_LE(small.total_bytes(), small.free_bytes);
  EXPECT_EQ(small.largest_context, kTinyContext);
  EXPECT_EQ(small.choices.context, 64);
  EXPECT_FALSE(runtime::measure(model, {.threads = 1, .context = kTinyContext + 1}, {}));
}

std::vector<int32_t> random_tokens(std::mt19937& random, size_t count) {
  std::vector<int32_t> tokens(count);
  for (int32_t& id : tokens) id = static_cast<int32_t>(random() % kTinyVocab);
  return tokens;
}

// Many turns that go on, go back and begin anew, until the context is full.
void expect_within(const model::Model& model, int64_t batch) {
  constexpr int64_t kContext = 700;
  const RunnerOptions options{.kv = batch == 16 ? graph::KvType::kQ8 : graph::KvType::kF32,
                              .threads = 1,
                              .batch = batch,
                              .context = kContext};
  const Footprint footprint = value_of(runtime::measure(model, options, {}));
  runtime::Engine engine(value_of(Runner::load(model, options, {}, {})));
  auto conversation = engine.new_conversation();
  std::mt19937 random(11);
  std::vector<int32_t> history = random_tokens(random, 60);
  for (int turn = 0; turn < 60; ++turn) {
    if (history.size() > kContext - 80 || turn % 7 == 3) {
      history.resize(history.size() / (turn % 2 == 0 ? 2 : 3));
    }
    const auto shared = static_cast<int64_t>(history.size());
    std::ranges::copy(random_tokens(random, 1 + random() % 40), std::back_inserter(history));
    const runtime::GenerateInput input{.prompt = history,
                                       .max_tokens = static_cast<int64_t>(1 + random() % 20),
                                       .shared_prompt_tokens = shared};
    std::ranges::copy(value_of(engine.generate(*conversation, input)).ids,
                      std::back_inserter(history));
  }
  const Status checked = engine.with_runner([&](Runner& runner) -> Status {
    const auto pages = runtime::most_pages(footprint.layout, kContext, batch);
    for (size_t pool = 0; pool < pages.size(); ++pool)
      EXPECT_LE(runner.states().peak_pages(pool), pages[pool]);
    EXPECT_LE(runner.states().peak_slots(), footprint.slots);
    // Not said in fear: most of it is used.
    if (footprint.slots > 0 && batch > 1) {
      EXPECT_GE(runner.states().peak_slots(), footprint.slots - 2);
    }
    EXPECT_LE(runner.states().store().size_bytes(), footprint.state_bytes());
    return {};
  });
  EXPECT_TRUE(checked);
  engine.drop(std::move(conversation));
}

TEST(FootprintTest, NoConversationHoldsMore) {
  for (const int64_t batch : {1, 16, 512}) {
    SCOPED_TRACE(batch);
    expect_within(tiny_full(1), batch);
    expect_within(tiny_windowed(2, 5), batch);
    expect_within(tiny_windowed(3, 100), batch);
    expect_within(tiny_hybrid(4), batch);
  }
}

}  // namespace
}  // namespace gerbil::testing
