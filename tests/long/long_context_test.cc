// A long context takes the memory that plan() says.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "long/long_model.h"

namespace gerbil::testing {
namespace {

TEST(LongContextTest, Of20000TokensRunsWithinThePlan) { expect_within_plan(20'000); }

TEST(LongContextTest, ThatCannotFitIsRefusedWithTheNumbers) {
  LongModel model;
  model.files.edit_config([](nlohmann::json& config) {
    config["text_config"]["max_position_embeddings"] = int64_t{1} << 30;
  });
  const auto engine = Engine::load({.model = model.folder(), .context = int64_t{1} << 30});
  ASSERT_FALSE(engine);
  const std::string& message = engine.error().message;
  EXPECT_EQ(engine.error().code, ErrorCode::kOutOfMemory) << message;
  for (const char* part : {"context: 1073741824 tokens take ", " GB of cache beside ",
                           " GB of weights, but ", " GB of memory are free; ", " would fit"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

}  // namespace
}  // namespace gerbil::testing
