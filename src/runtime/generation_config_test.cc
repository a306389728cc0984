#include "runtime/generation_config.h"

#include <gtest/gtest.h>

namespace gerbil::runtime {
namespace {

GenerationConfig parse(std::string_view text) {
  auto config = parse_generation_config(text, {7}, {});
  EXPECT_TRUE(config) << config.error().message;
  return config ? *config : GenerationConfig{};
}

TEST(GenerationConfig, IsGreedyWithTheModelsStopIdWhereThereIsNoFile) {
  const GenerationConfig config = parse("");
  EXPECT_EQ(config.eos_ids, std::vector<int32_t>{7});
  EXPECT_EQ(config.sampling.temperature, 0);
}

TEST(GenerationConfig, TakesEveryStopIdAndSamplesOnlyIfToldTo) {
  EXPECT_EQ(parse(R"({"eos_token_id": [3, 5]})").eos_ids, (std::vector<int32_t>{3, 5}));
  EXPECT_EQ(parse(R"({"eos_token_id": 4})").eos_ids, std::vector<int32_t>{4});
  EXPECT_EQ(parse(R"({"eos_token_id": null})").eos_ids, std::vector<int32_t>{7});
  EXPECT_EQ(parse(R"({"do_sample": false, "temperature": 0.6})").sampling.temperature, 0);
  const graph::SampleParams sampling =
      parse(R"({"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95})").sampling;
  EXPECT_FLOAT_EQ(sampling.temperature, 0.6f);
  EXPECT_EQ(sampling.top_k, 20);
  EXPECT_FLOAT_EQ(sampling.top_p, 0.95f);
  EXPECT_EQ(sampling.min_p, 0);
}

TEST(GenerationConfig, NamesThePenaltyItDoesNotApplyAndTheFieldThatIsWrong) {
  std::string note;
  EXPECT_TRUE(parse_generation_config(R"({"repetition_penalty": 1.1})", {},
                                      [&](std::string_view line) { note = line; }));
  EXPECT_EQ(note,
            "generation_config.json: \"repetition_penalty\" 1.1 is not applied in this build");
  const auto bad = parse_generation_config(R"({"do_sample": true, "top_p": 2})", {}, {});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("\"top_p\""), std::string::npos) << bad.error().message;
}

TEST(ResolveSampling, WishesWinAndTurnSamplingOn) {
  graph::SampleParams defaults;
  EXPECT_EQ(resolve_sampling({}, defaults)->temperature, 0);
  EXPECT_EQ(resolve_sampling({.seed = 3}, defaults)->temperature, 0);
  EXPECT_EQ(resolve_sampling({.top_k = 5}, defaults)->temperature, 1);
  defaults.temperature = 0.6f;
  EXPECT_EQ(resolve_sampling({.temperature = 0.0}, defaults)->temperature, 0);
  EXPECT_FLOAT_EQ(resolve_sampling({.top_p = 0.5}, defaults)->temperature, 0.6f);
}

TEST(ResolveSampling, RefusesWhatIsOutOfRange) {
  const auto message = [](const SamplingWish& wish) {
    const auto result = resolve_sampling(wish, {});
    return result ? "" : result.error().message;
  };
  EXPECT_EQ(message({.temperature = -1.0}), "temperature: expected 0 to 100, found -1");
  EXPECT_EQ(message({.temperature = std::numeric_limits<double>::quiet_NaN()}),
            "temperature: expected 0 to 100, found nan");
  EXPECT_EQ(message({.top_k = -1}), "top-k: expected 0 (off) or more, found -1");
  EXPECT_EQ(message({.top_p = 0.0}), "top-p: expected above 0 to 1, found 0");
  EXPECT_EQ(message({.min_p = 1.5}), "min-p: expected 0 to 1, found 1.5");
}

}  // namespace
}  // namespace gerbil::runtime
