// The trained nano models through the public API: every conversation's greedy answer is the
// reference implementation's, token for token, on both backends; prompts, reasoning and tool calls
// are split as they should be.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "gerbil/gerbil.h"
#include "support/compare.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

struct Choice {
  std::string model;  // of nano_cases
  Backend backend;
  Kv kv;
};

std::string folder_of(const std::string& model) {
  return (model == "vl" ? demo_folder() : model_folder("qwen3-nano")).string();
}

class Nano : public ::testing::TestWithParam<Choice> {};

TEST_P(Nano, AnswersAsTheReferenceDoes) {
  const Choice& choice = GetParam();
  auto engine = Engine::load({.model = folder_of(choice.model),
                              .backend = choice.backend,
                              .quant = Quant::kStored,
                              .kv = choice.kv,
                              .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  int thinking = 0;
  int tool_calls = 0;
  for (const NanoCase& c : nano_cases(choice.model)) {
    SCOPED_TRACE(c.id + " " + c.task);
    auto session = (*engine)->new_session();
    ASSERT_TRUE(session);
    const Chat chat{.messages = c.messages_json, .tools = c.tools_json, .think = c.enable_thinking};
    std::string streamed;
    const auto answer =
        (*session)->generate({.prompt = chat, .max_tokens = 256, .sampling = {.temperature = 0.0}},
                             [&](const Delta& delta) {
                               if (delta.kind == Delta::Kind::kText) streamed += delta.text;
                             });
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(same_ids(answer->token_ids, c.answer_ids));
    EXPECT_EQ(answer->finish_reason, FinishReason::kStop);
    EXPECT_EQ(answer->prompt_tokens, std::ssize(c.input_ids));
    EXPECT_EQ(streamed, answer->text);
    EXPECT_EQ(answer->text.find("<think>"), std::string::npos);
    EXPECT_EQ(answer->reasoning.empty(), !c.enable_thinking);
    thinking += !answer->reasoning.empty();
    if (answer->tool_calls.empty()) {
      EXPECT_EQ(answer->text, c.final_text);
    } else {
      ++tool_calls;
      EXPECT_NE(c.final_text.find("<tool_call>"), std::string::npos);
      EXPECT_TRUE(nlohmann::json::parse(answer->tool_calls[0].arguments).is_object());
    }
  }
  EXPECT_GT(thinking, 0);
  EXPECT_GT(tool_calls, 0);
}

// A cache of int8 codes may change one answer of a model, no more.
class NanoQ8Cache : public ::testing::TestWithParam<Choice> {};

TEST_P(NanoQ8Cache, ChangesAtMostOneAnswer) {
  const Choice& choice = GetParam();
  auto engine = Engine::load({.model = folder_of(choice.model),
                              .backend = choice.backend,
                              .quant = Quant::kStored,
                              .kv = choice.kv,
                              .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  int cases = 0;
  std::string changed;
  for (const NanoCase& c : nano_cases(choice.model)) {
    auto session = (*engine)->new_session();
    ASSERT_TRUE(session);
    const Chat chat{.messages = c.messages_json, .tools = c.tools_json, .think = c.enable_thinking};
    const auto answer =
        (*session)->generate({.prompt = chat, .max_tokens = 256, .sampling = {.temperature = 0.0}});
    ASSERT_TRUE(answer) << answer.error().message;
    ++cases;
    if (answer->token_ids != c.answer_ids) changed += c.id + " ";
  }
  RecordProperty("changed", changed);
  EXPECT_GE(cases, 20);
  EXPECT_LE(std::ranges::count(changed, ' '), 1) << changed;
}

INSTANTIATE_TEST_SUITE_P(Models, NanoQ8Cache,
                         ::testing::Values(Choice{"qwen3", Backend::kReference, Kv::kQ8},
                                           Choice{"qwen3", Backend::kCpu, Kv::kQ8},
                                           Choice{"vl", Backend::kReference, Kv::kQ8},
                                           Choice{"vl", Backend::kCpu, Kv::kQ8}),
                         [](const auto& named) {
                           return named.param.model +
                                  (named.param.backend == Backend::kCpu ? "_cpu" : "_reference");
                         });

INSTANTIATE_TEST_SUITE_P(Models, Nano,
                         ::testing::Values(Choice{"qwen3", Backend::kReference, Kv::kF32},
                                           Choice{"qwen3", Backend::kCpu, Kv::kF32},
                                           Choice{"qwen3", Backend::kCpu, Kv::kF16},
                                           Choice{"vl", Backend::kReference, Kv::kF32},
                                           Choice{"vl", Backend::kCpu, Kv::kF32},
                                           Choice{"vl", Backend::kCpu, Kv::kF16}),
                         [](const auto& named) {
                           return named.param.model +
                                  (named.param.backend == Backend::kCpu ? "_cpu" : "_reference") +
                                  (named.param.kv == Kv::kF32 ? "_kv_f32" : "_kv_f16");
                         });

// What quantising costs: how many of a model's answers are other ones.
struct Lossy {
  Quant quant;
  Kv kv;
  int most_differ;
};

class NanoQuantized : public ::testing::TestWithParam<Lossy> {};

TEST_P(NanoQuantized, AnswersNearlyAsTheReferenceDoes) {
  for (const std::string model : {"qwen3", "vl"}) {
    auto engine = Engine::load(
        {.model = folder_of(model), .quant = GetParam().quant, .kv = GetParam().kv, .threads = 2});
    ASSERT_TRUE(engine) << engine.error().message;
    std::string others;
    int differ = 0;
    for (const NanoCase& c : nano_cases(model)) {
      auto session = (*engine)->new_session();
      ASSERT_TRUE(session);
      const Chat chat{
          .messages = c.messages_json, .tools = c.tools_json, .think = c.enable_thinking};
      const auto answer = (*session)->generate(
          {.prompt = chat, .max_tokens = 256, .sampling = {.temperature = 0.0}});
      ASSERT_TRUE(answer) << answer.error().message;
      if (answer->token_ids == c.answer_ids) continue;
      ++differ;
      others += c.id + " " + c.task + ": " + answer->text + "\n";
    }
    EXPECT_LE(differ, GetParam().most_differ) << model << "\n" << others;
  }
}

INSTANTIATE_TEST_SUITE_P(Choices, NanoQuantized,
                         ::testing::Values(Lossy{Quant::kF16, Kv::kF16, 1},
                                           Lossy{Quant::kQ8, Kv::kF16, 1},
                                           Lossy{Quant::kQ6, Kv::kF16, 1},
                                           Lossy{Quant::kQ4, Kv::kF16, 2}));

}  // namespace
}  // namespace gerbil::testing
