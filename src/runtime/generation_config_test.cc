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

TEST(GenerationConfig, PenaltiesAndTheLeastLengthHoldForTheGreedyChoiceToo) {
  const GenerationConfig config = parse(
      R"({"repetition_penalty": 1.1, "presence_penalty": 1.5, "frequency_penalty": -0.5,
          "min_new_tokens": 7})");
  EXPECT_EQ(config.sampling.temperature, 0);
  EXPECT_FLOAT_EQ(config.sampling.repetition_penalty, 1.1f);
  EXPECT_FLOAT_EQ(config.sampling.presence_penalty, 1.5f);
  EXPECT_FLOAT_EQ(config.sampling.frequency_penalty, -0.5f);
  EXPECT_EQ(config.min_tokens, 7);
  EXPECT_FALSE(parse("{}").sampling.has_penalty());
}

TEST(GenerationConfig, NamesWhatItDoesNotApplyAndTheFieldThatIsWrong) {
  std::vector<std::string> notes;
  EXPECT_TRUE(parse_generation_config(
      R"({"no_repeat_ngram_size": 3, "num_beams": 4, "typical_p": 0.9, "epsilon_cutoff": 0.001,
          "suppress_tokens": [4, 5], "bad_words_ids": [], "sequence_bias": null,
          "exponential_decay_length_penalty": [15, 1.6], "eta_cutoff": 0, "guidance_scale": null})",
      {}, [&](std::string_view line) { notes.emplace_back(line); }));
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "generation_config.json: \"no_repeat_ngram_size\" 3 is not applied",
                       "generation_config.json: \"typical_p\" 0.9 is not applied",
                       "generation_config.json: \"epsilon_cutoff\" 0.001 is not applied",
                       "generation_config.json: \"num_beams\" 4 is not applied",
                       "generation_config.json: \"suppress_tokens\" is not applied",
                       "generation_config.json: \"exponential_decay_length_penalty\" is not "
                       "applied"}));
  for (const char* wrong : {R"({"do_sample": true, "top_p": 2})", R"({"repetition_penalty": 0})",
                            R"({"repetition_penalty": -1})", R"({"presence_penalty": 3})",
                            R"({"frequency_penalty": "much"})", R"({"min_new_tokens": -1})"}) {
    const auto bad = parse_generation_config(wrong, {}, {});
    ASSERT_FALSE(bad) << wrong;
    const std::string_view all = wrong;
    const size_t colon = all.rfind("\":");
    const std::string_view field =
        all.substr(all.rfind('"', colon - 1) + 1, colon - all.rfind('"', colon - 1) - 1);
    EXPECT_NE(bad.error().message.find("\"" + std::string(field) + "\""), std::string::npos)
        << bad.error().message;
  }
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
  EXPECT_EQ(message({.repetition_penalty = 0.0}),
            "repetition-penalty: expected above 0 to 100, found 0");
  EXPECT_EQ(message({.repetition_penalty = 1e-60}),
            "repetition-penalty: expected above 0 to 100, found 1e-60");
  EXPECT_EQ(message({.repetition_penalty = 101.0}),
            "repetition-penalty: expected above 0 to 100, found 101");
  EXPECT_EQ(message({.presence_penalty = 2.5}), "presence-penalty: expected -2 to 2, found 2.5");
  EXPECT_EQ(message({.frequency_penalty = std::numeric_limits<double>::quiet_NaN()}),
            "frequency-penalty: expected -2 to 2, found nan");
}

TEST(ResolveBias, TakesEachTokenOnceWithinItsRange) {
  const auto message = [](std::vector<BiasWish> wishes) {
    const auto result = resolve_bias(wishes, 10);
    return result ? "" : result.error().message;
  };
  EXPECT_EQ(message({{3, -100}, {9, 100}, {0, 0.5}}), "");
  EXPECT_EQ(message({{10, 1}}), "logit-bias: expected ids from 0 to 9, found 10");
  EXPECT_EQ(message({{-1, 1}}), "logit-bias: expected ids from 0 to 9, found -1");
  EXPECT_EQ(message({{3, 101}}), "logit-bias: expected -100 to 100 for token 3, found 101");
  EXPECT_EQ(message({{3, 1}, {3, 2}}), "logit-bias: token 3 is given twice");
  EXPECT_EQ(message(std::vector<BiasWish>(1025)),
            "logit-bias: expected at most 1024 tokens, found 1025");
}

}  // namespace
}  // namespace gerbil::runtime
