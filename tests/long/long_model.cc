#include "long/long_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr int64_t kAnswer = 32;
// Beside the plan's: the scheduler's tables, the ids of the conversation, pages that the C library
// keeps.
constexpr uint64_t kSlack = uint64_t{8} << 20;

}  // namespace

LongModel::LongModel() : files(model_folder("qwen3_5-tiny")) {
  files.edit_config([](nlohmann::json& config) {
    config["text_config"]["max_position_embeddings"] = kLongContext;
  });
}

std::vector<int32_t> some_ids(int64_t count) {
  std::vector<int32_t> ids(static_cast<size_t>(count));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i * 7919 % 297);
  return ids;
}

Request go_on_from(std::vector<int32_t> ids, int64_t max_tokens) {
  return {.prompt = TokenIds{std::move(ids)},
          .max_tokens = max_tokens,
          .sampling = {.temperature = 0.0},
          .ignore_eos = true};
}

void expect_within_plan(int64_t tokens) {
  const LongModel model;
  const LoadOptions options{
      .model = model.folder(), .quant = Quant::kQ8, .threads = 2, .context = tokens + kAnswer + 1};
  const auto planned = plan(options);
  ASSERT_TRUE(planned) << planned.error().message;
  const auto engine = Engine::load(options);
  ASSERT_TRUE(engine) << engine.error().message;
  const auto session = (*engine)->new_session();
  ASSERT_TRUE((*session)->generate(go_on_from(some_ids(100), 2)));  // work memory is touched

  const uint64_t before = process_memory().anonymous_bytes;
  if (before == 0) GTEST_SKIP() << "the system does not say";
  const auto answer = (*session)->generate(go_on_from(some_ids(tokens), kAnswer));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->token_ids.size(), static_cast<size_t>(kAnswer));
  const uint64_t after = process_memory().anonymous_bytes;
  const uint64_t grown = after - std::min(after, before);
  const uint64_t states = planned->kv_bytes + planned->recurrent_bytes;
  ::testing::Test::RecordProperty("planned_bytes", std::to_string(states));
  ::testing::Test::RecordProperty("measured_bytes", std::to_string(grown));
  EXPECT_LE(grown, states + kSlack);
  // Not said in fear: most of it is used.
  EXPECT_GE(grown + kSlack, planned->kv_bytes);
}

}  // namespace gerbil::testing
