// Conversations that share an engine: alone or in company, driven by a thread or by their callers,
// with any batch and number of threads, they give the same ids.
#include "runtime/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <stdexcept>
#include <thread>

#include "state/tiny_model.h"

namespace gerbil::testing {
namespace {

using runtime::Conversation;
using runtime::EndReason;
using runtime::Engine;
using runtime::GenerateInput;
using runtime::GenerateOutput;

struct Options {
  int64_t batch = 512;
  int threads = 1;
  int64_t context = 0;
  bool reference = false;
  int32_t pages = runtime::RunnerOptions().pages;
};

std::unique_ptr<Engine> make_engine(const model::Model& model, const Options& options = {}) {
  auto runner = runtime::Runner::load(model,
                                      {.reference = options.reference,
                                       .kv = graph::KvType::kF32,
                                       .threads = options.threads,
                                       .batch = options.batch,
                                       .context = options.context,
                                       .pages = options.pages},
                                      {}, {});
  if (!runner) throw std::runtime_error(runner.error().message);
  return std::make_unique<Engine>(*std::move(runner));
}

std::vector<int32_t> make_prompt(uint32_t seed, size_t length) {
  std::mt19937 random(seed);
  std::vector<int32_t> prompt(length);
  for (int32_t& id : prompt) id = static_cast<int32_t>(random() % kTinyVocab);
  return prompt;
}

GenerateOutput generate(Engine& engine, Conversation& conversation, const GenerateInput& input) {
  auto output = engine.generate(conversation, input);
  if (!output) throw std::runtime_error(output.error().message);
  return *std::move(output);
}

// The answer of a fresh conversation.
std::vector<int32_t> answer(Engine& engine, const GenerateInput& input) {
  auto conversation = engine.new_conversation();
  std::vector<int32_t> ids = generate(engine, *conversation, input).ids;
  engine.drop(std::move(conversation));
  return ids;
}

// Prompts of many lengths, greedy and sampled.
std::vector<GenerateInput> make_inputs() {
  std::vector<GenerateInput> inputs;
  for (uint32_t i = 0; i < 8; ++i) {
    GenerateInput input{.prompt = make_prompt(i, 1 + 13 * i), .max_tokens = 20 + i};
    if (i % 2 == 1)
      input.sampling = {.temperature = 0.9F, .top_k = 30, .top_p = 0.95F, .seed = 100 + i};
    inputs.push_back(std::move(input));
  }
  return inputs;
}

struct Named {
  const char* name;
  model::Model (*make)();
};

class EngineTest : public ::testing::TestWithParam<Named> {
 protected:
  model::Model model_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Models, EngineTest,
                         ::testing::Values(Named{"Hybrid", [] { return tiny_hybrid(21); }},
                                           Named{"Windowed", [] { return tiny_windowed(22, 20); }},
                                           Named{"Full", [] { return tiny_full(23); }}),
                         [](const auto& test) { return std::string(test.param.name); });

std::vector<std::vector<int32_t>> answers_alone(const model::Model& model) {
  const auto engine = make_engine(model);
  std::vector<std::vector<int32_t>> answers;
  for (const GenerateInput& input : make_inputs()) {
    answers.push_back(answer(*engine, input));
    EXPECT_EQ(std::ssize(answers.back()), input.max_tokens);
  }
  return answers;
}

// Every input in a thread of its own, two turns each: the second prompt goes on from the answer.
void expect_answers_in_company(const model::Model& model, const Options& options, bool start) {
  const std::vector<std::vector<int32_t>> want = answers_alone(model);
  const std::vector<GenerateInput> inputs = make_inputs();
  const auto engine = make_engine(model, options);
  if (start) {
    ASSERT_TRUE(engine->start());
  }
  std::vector<std::vector<int32_t>> first(inputs.size());
  std::vector<std::vector<int32_t>> second(inputs.size());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < inputs.size(); ++i)
      threads.emplace_back([&, i] {
        auto conversation = engine->new_conversation();
        first[i] = generate(*engine, *conversation, inputs[i]).ids;
        GenerateInput next = inputs[i];
        next.prompt.insert(next.prompt.end(), first[i].begin(), first[i].end());
        second[i] = generate(*engine, *conversation, next).ids;
        engine->drop(std::move(conversation));
      });
  }
  engine->stop();
  EXPECT_EQ(first, want);
  const auto alone = make_engine(model);
  for (size_t i = 0; i < inputs.size(); ++i) {
    GenerateInput next = inputs[i];
    next.prompt.insert(next.prompt.end(), want[i].begin(), want[i].end());
    EXPECT_EQ(second[i], answer(*alone, next)) << i;
  }
  const Status rest = engine->with_runner([](runtime::Runner& runner) -> Status {
    EXPECT_EQ(runner.states().pages_in_use(), 0);
    EXPECT_EQ(runner.states().slots_in_use(), 0);
    return {};
  });
  EXPECT_TRUE(rest);
}

TEST_P(EngineTest, CompanyChangesNoIdWithoutADriver) {
  expect_answers_in_company(model_, {}, false);
}
TEST_P(EngineTest, CompanyChangesNoIdWithADriver) { expect_answers_in_company(model_, {}, true); }
TEST_P(EngineTest, CompanyChangesNoIdInStepsOf7Rows) {
  expect_answers_in_company(model_, {.batch = 7, .threads = 2}, true);
}
TEST_P(EngineTest, CompanyChangesNoIdInStepsOf1Row) {
  expect_answers_in_company(model_, {.batch = 1, .threads = 3}, true);
}

TEST_P(EngineTest, ASeedGivesTheSameIdsForEveryBatchAndThreadCount) {
  const std::vector<std::vector<int32_t>> want = answers_alone(model_);
  for (const bool reference : {false, true})
    for (const Options& options : {Options{.batch = 1}, Options{.batch = 7, .threads = 2},
                                   Options{.batch = 64, .threads = 3}}) {
      Options choice = options;
      choice.reference = reference;
      const auto engine = make_engine(model_, choice);
      const std::vector<GenerateInput> inputs = make_inputs();
      for (size_t i = 0; i < inputs.size(); ++i)
        EXPECT_EQ(answer(*engine, inputs[i]), want[i])
            << "batch " << choice.batch << (reference ? " on the reference" : "");
    }
}

TEST_P(EngineTest, ASeedIsWhatDecides) {
  const auto engine = make_engine(model_);
  GenerateInput input{.prompt = make_prompt(1, 10), .max_tokens = 30};
  input.sampling = {.temperature = 1, .seed = 1};
  const std::vector<int32_t> one = answer(*engine, input);
  EXPECT_EQ(answer(*engine, input), one);
  input.sampling.seed = 2;
  EXPECT_NE(answer(*engine, input), one);
}

// A chat's next prompt: the old one, the answer, and more. Then one that changes the last message,
// and one with nothing in common.
TEST_P(EngineTest, ASecondPromptKeepsWhatItShares) {
  const auto engine = make_engine(model_);
  auto conversation = engine->new_conversation();
  GenerateInput input{.prompt = make_prompt(5, 90), .max_tokens = 40, .shared_prompt_tokens = 70};
  const GenerateOutput first = generate(*engine, *conversation, input);
  EXPECT_EQ(first.cached_tokens, 0);

  GenerateInput next = input;
  next.prompt.insert(next.prompt.end(), first.ids.begin(), first.ids.end());
  const std::vector<int32_t> message = make_prompt(6, 15);
  next.prompt.insert(next.prompt.end(), message.begin(), message.end());
  next.shared_prompt_tokens = 0;
  const GenerateOutput second = generate(*engine, *conversation, next);
  // All but the last drawn token, which was never run.
  EXPECT_EQ(second.cached_tokens, 90 + 39);
  EXPECT_EQ(second.ids, answer(*engine, next));

  GenerateInput edited = next;
  edited.prompt.resize(100);
  edited.prompt.push_back((next.prompt[100] + 1) % kTinyVocab);
  const GenerateOutput third = generate(*engine, *conversation, edited);
  const bool rewinds = std::string_view(GetParam().name) == "Full";
  EXPECT_EQ(third.cached_tokens, rewinds ? 100 : 89);
  EXPECT_EQ(third.ids, answer(*engine, edited));

  GenerateInput regenerated = input;
  regenerated.prompt.resize(80);
  const GenerateOutput fourth = generate(*engine, *conversation, regenerated);
  EXPECT_EQ(fourth.cached_tokens, rewinds ? 79 : 70);
  EXPECT_EQ(fourth.ids, answer(*engine, regenerated));

  GenerateInput other{.prompt = make_prompt(9, 50), .max_tokens = 20};
  other.prompt[0] = (input.prompt[0] + 1) % kTinyVocab;
  const GenerateOutput fifth = generate(*engine, *conversation, other);
  EXPECT_EQ(fifth.cached_tokens, 0);
  EXPECT_EQ(fifth.ids, answer(*engine, other));
  engine->drop(std::move(conversation));
}

TEST_P(EngineTest, TheSamePromptAgainRunsOnlyItsLastToken) {
  const auto engine = make_engine(model_);
  auto conversation = engine->new_conversation();
  const GenerateInput input{.prompt = make_prompt(5, 60), .max_tokens = 50};
  const GenerateOutput first = generate(*engine, *conversation, input);
  const GenerateOutput second = generate(*engine, *conversation, input);
  EXPECT_EQ(second.cached_tokens, 59);
  EXPECT_EQ(second.ids, first.ids);
  engine->drop(std::move(conversation));
}

TEST_P(EngineTest, AnAnswerEndsWhereItShould) {
  const auto engine = make_engine(model_, {.context = 64});
  auto conversation = engine->new_conversation();
  const auto run = [&](const GenerateInput& input) {
    return generate(*engine, *conversation, input);
  };
  GenerateInput input{.prompt = make_prompt(3, 50), .max_tokens = 5};
  const GenerateOutput length = run(input);
  EXPECT_EQ(length.reason, EndReason::kLength);
  EXPECT_EQ(length.ids.size(), 5U);

  input.max_tokens = 0;
  const GenerateOutput context = run(input);
  EXPECT_EQ(context.reason, EndReason::kContext);
  EXPECT_EQ(context.ids.size(), 14U);  // prompt and answer fill the context

  input.max_tokens = 14;  // both limits at once: the one that was asked for
  EXPECT_EQ(run(input).reason, EndReason::kLength);

  input.eos_ids = {kTinyVocab + 5, context.ids[3]};
  const auto place = std::ranges::find(context.ids, context.ids[3]) - context.ids.begin();
  std::vector<int32_t> heard;
  input.on_token = [&](const runtime::Drawn& token) -> runtime::Verdict {
    heard.push_back(token.id);
    return {};
  };
  const GenerateOutput stop = run(input);
  EXPECT_EQ(stop.reason, EndReason::kStop);
  EXPECT_EQ(stop.ids, std::vector<int32_t>(context.ids.begin(), context.ids.begin() + place + 1));
  EXPECT_EQ(heard, std::vector<int32_t>(context.ids.begin(), context.ids.begin() + place));

  input.eos_ids.clear();
  input.on_token = [](const runtime::Drawn&) {
    return runtime::Verdict{.stop = true};
  };  // a stop string
  EXPECT_EQ(run(input).ids.size(), 1U);

  const GenerateInput longest{.prompt = make_prompt(3, 63)};
  const GenerateOutput last = run(longest);
  EXPECT_EQ(last.ids.size(), 1U);
  EXPECT_EQ(last.reason, EndReason::kContext);
  engine->drop(std::move(conversation));
}

TEST_P(EngineTest, ABadPromptIsAnErrorThatChangesNothing) {
  const auto engine = make_engine(model_, {.context = 64});
  auto conversation = engine->new_conversation();
  const GenerateInput good{.prompt = make_prompt(3, 20), .max_tokens = 5};
  const std::vector<int32_t> ids = generate(*engine, *conversation, good).ids;
  const auto message = [&](std::vector<int32_t> prompt) {
    const auto output = engine->generate(*conversation, {.prompt = std::move(prompt)});
    return output ? "no error" : output.error().message;
  };
  EXPECT_EQ(message({}), "the prompt is empty");
  EXPECT_EQ(message(make_prompt(1, 64)),
            "the prompt has 64 tokens, but the context of 64 leaves room for at most 63");
  EXPECT_EQ(message({1, 2, kTinyVocab}),
            "the prompt: expected ids from 0 to 39, found 40 at position 2");
  EXPECT_EQ(message({-1}), "the prompt: expected ids from 0 to 39, found -1 at position 0");
  const GenerateOutput again = generate(*engine, *conversation, good);
  EXPECT_EQ(again.ids, ids);
  EXPECT_EQ(again.cached_tokens, 19);
  engine->drop(std::move(conversation));
}

// One of four is cancelled from another thread, in the middle of its answer.
void expect_cancel(const model::Model& model, bool start) {
  const auto engine = make_engine(model, {.batch = 16, .threads = 2});
  const GenerateInput plain{.prompt = make_prompt(8, 30), .max_tokens = 200};
  const std::vector<int32_t> want = answer(*engine, plain);
  if (start) {
    ASSERT_TRUE(engine->start());
  }
  std::atomic<bool> cancelled = false;
  std::atomic<int> drawn = 0;
  auto conversation = engine->new_conversation();
  std::vector<std::jthread> others;
  std::array<std::vector<int32_t>, 3> answers;
  for (std::vector<int32_t>& ids : answers)
    others.emplace_back([&] { ids = answer(*engine, plain); });
  std::jthread canceller([&] {
    while (drawn.load() < 10) std::this_thread::yield();
    cancelled.store(true);
  });
  GenerateInput input = plain;
  input.max_tokens = 0;
  input.cancelled = &cancelled;
  input.on_token = [&](const runtime::Drawn&) -> runtime::Verdict {
    drawn.fetch_add(1);
    return {};
  };
  const GenerateOutput output = generate(*engine, *conversation, input);
  EXPECT_EQ(output.reason, EndReason::kCancelled);
  EXPECT_GE(output.ids.size(), 10U);
  others.clear();
  for (const std::vector<int32_t>& ids : answers) EXPECT_EQ(ids, want);
  // The conversation goes on from what it has.
  GenerateInput next = plain;
  next.prompt.insert(next.prompt.end(), output.ids.begin(), output.ids.end());
  const GenerateOutput later = generate(*engine, *conversation, next);
  EXPECT_GE(later.cached_tokens, std::ssize(next.prompt) - 1);
  EXPECT_EQ(later.ids, answer(*engine, next));
  engine->drop(std::move(conversation));
}

TEST_P(EngineTest, OneIsCancelledAndTheOthersGoOnWithoutADriver) { expect_cancel(model_, false); }
TEST_P(EngineTest, OneIsCancelledAndTheOthersGoOnWithADriver) { expect_cancel(model_, true); }

TEST_P(EngineTest, APromptIsCancelledBetweenItsChunks) {
  const auto engine = make_engine(model_, {.batch = 4});
  std::atomic<bool> cancelled = true;
  auto conversation = engine->new_conversation();
  GenerateInput input{.prompt = make_prompt(8, 50), .max_tokens = 20, .cancelled = &cancelled};
  const GenerateOutput none = generate(*engine, *conversation, input);
  EXPECT_EQ(none.reason, EndReason::kCancelled);
  EXPECT_TRUE(none.ids.empty());
  cancelled = false;
  EXPECT_EQ(generate(*engine, *conversation, input).ids, answer(*engine, input));
  engine->drop(std::move(conversation));
}

int32_t pages_in_use(Engine& engine) {
  int32_t pages = 0;
  EXPECT_TRUE(engine.with_runner([&](runtime::Runner& runner) -> Status {
    pages = runner.states().pages_in_use();
    return {};
  }));
  return pages;
}

TEST_P(EngineTest, IdleConversationsGiveUpTheirStatesLongestIdleFirst) {
  int32_t of_one = 0;
  {
    const auto engine = make_engine(model_);
    auto conversation = engine->new_conversation();
    generate(*engine, *conversation, {.prompt = make_prompt(1, 100), .max_tokens = 20});
    of_one = pages_in_use(*engine);
    engine->drop(std::move(conversation));
  }
  // Room for two.
  const auto engine = make_engine(model_, {.pages = 2 * of_one});
  const auto alone = make_engine(model_);
  std::array<std::unique_ptr<Conversation>, 3> all;
  std::array<GenerateInput, 3> inputs;
  for (size_t i = 0; i < all.size(); ++i) {
    all[i] = engine->new_conversation();
    inputs[i] = {.prompt = make_prompt(10 + static_cast<uint32_t>(i), 100), .max_tokens = 20};
  }
  const auto cached = [&](size_t i) {
    const GenerateOutput output = generate(*engine, *all[i], inputs[i]);
    EXPECT_EQ(output.ids, answer(*alone, inputs[i])) << i;
    EXPECT_LE(pages_in_use(*engine), 2 * of_one);
    return output.cached_tokens;
  };
  EXPECT_EQ(cached(0), 0);
  EXPECT_EQ(cached(1), 0);
  cached(0);
  EXPECT_EQ(cached(2), 0);  // takes what the second one held
  if (std::string_view(GetParam().name) == "Full") {
    EXPECT_EQ(cached(0), 99);
  }
  EXPECT_EQ(cached(1), 0);
  for (auto& conversation : all) engine->drop(std::move(conversation));
  EXPECT_EQ(pages_in_use(*engine), 0);
}

TEST_P(EngineTest, WhereNobodyIsIdleTheCacheIsFull) {
  const auto engine = make_engine(model_, {.pages = 2});
  auto conversation = engine->new_conversation();
  const GenerateInput input{.prompt = make_prompt(3, 400), .max_tokens = 5};
  const auto output = engine->generate(*conversation, input);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "the cache is full: all 2 pages are in use");
  engine->drop(std::move(conversation));
}

TEST_P(EngineTest, GivenTokensStandInTheAnswerAndInTheState) {
  const auto engine = make_engine(model_, {.batch = 3});
  const GenerateInput plain{.prompt = make_prompt(4, 20), .max_tokens = 12};
  GenerateInput input = plain;
  input.opening = {5, 6};
  int heard = 0;
  input.on_token = [&](const runtime::Drawn& token) -> runtime::Verdict {
    EXPECT_EQ(token.given, heard < 2 || (heard >= 4 && heard < 8)) << heard;
    if (++heard == 4) return {.then = {7, 8, 9, 10}};
    return {};
  };
  const std::vector<int32_t> ids = answer(*engine, input);
  ASSERT_EQ(ids.size(), 12U);
  EXPECT_EQ(std::vector<int32_t>(ids.begin(), ids.begin() + 2), (std::vector<int32_t>{5, 6}));
  EXPECT_EQ(std::vector<int32_t>(ids.begin() + 4, ids.begin() + 8),
            (std::vector<int32_t>{7, 8, 9, 10}));
  // What follows is what follows on a prompt that holds them.
  GenerateInput rest{.prompt = plain.prompt, .max_tokens = 4};
  rest.prompt.insert(rest.prompt.end(), ids.begin(), ids.begin() + 8);
  EXPECT_EQ(std::vector<int32_t>(ids.begin() + 8, ids.end()), answer(*engine, rest));

  heard = 0;
  input.max_tokens = 6;  // in the middle of what is given
  EXPECT_EQ(answer(*engine, input), std::vector<int32_t>(ids.begin(), ids.begin() + 6));
  heard = 0;
  input.max_tokens = 2;
  EXPECT_EQ(answer(*engine, input), (std::vector<int32_t>{5, 6}));
}

TEST_P(EngineTest, PenaltiesCountWhatTheAnswerAndThePromptHold) {
  for (const bool reference : {false, true}) {
    const auto engine = make_engine(model_, {.reference = reference});
    // Each token of the vocabulary once: the strongest penalty leaves nothing to repeat.
    GenerateInput input{.prompt = {1, 2, 3}, .max_tokens = kTinyVocab};
    input.sampling.presence_penalty = 1000;
    std::vector<int32_t> ids = answer(*engine, input);
    std::ranges::sort(ids);
    std::vector<int32_t> every(kTinyVocab);
    std::ranges::generate(every, [next = 0]() mutable { return next++; });
    EXPECT_EQ(ids, every);  // the prompt's too
    // With equal penalties for every one: each twice.
    input.sampling = {.frequency_penalty = 1000};
    input.max_tokens = 2 * kTinyVocab;
    ids = answer(*engine, input);
    for (const int32_t id : every) EXPECT_EQ(std::ranges::count(ids, id), 2) << id;
  }
}

TEST(Engine, StopHandsTheStepsToWhoWaits) {
  const auto engine = make_engine(tiny_hybrid(1));
  const GenerateInput input{.prompt = make_prompt(8, 30), .max_tokens = 300};
  const std::vector<int32_t> want = answer(*engine, input);
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(engine->start());
    std::vector<int32_t> got;
    std::atomic<bool> begun = false;
    GenerateInput watched = input;
    watched.on_token = [&](const runtime::Drawn&) -> runtime::Verdict {
      begun.store(true);
      return {};
    };
    {
      const std::jthread caller([&] { got = answer(*engine, watched); });
      while (!begun.load()) std::this_thread::yield();
      engine->stop();
    }
    EXPECT_EQ(got, want);
  }
}

TEST(Engine, HasOneDriver) {
  const auto engine = make_engine(tiny_full(1));
  ASSERT_TRUE(engine->start());
  EXPECT_EQ(engine->start().error().message, "start() was called twice");
  EXPECT_EQ(engine->step().error().message, "step() was called while a driver thread runs");
  EXPECT_FALSE(engine->with_runner([](runtime::Runner&) -> Status { return {}; }));
  engine->stop();
  engine->stop();
  const auto step = engine->step();
  ASSERT_TRUE(step);
  EXPECT_FALSE(*step);  // nothing to do
  ASSERT_TRUE(engine->start());
}

// Whoever likes runs the steps.
TEST(Engine, ACallersOwnLoopRunsTheSteps) {
  const auto engine = make_engine(tiny_full(1));
  const GenerateInput input{.prompt = make_prompt(8, 30), .max_tokens = 100};
  const std::vector<int32_t> want = answer(*engine, input);
  std::atomic<bool> done = false;
  std::vector<int32_t> got;
  std::jthread caller([&] {
    got = answer(*engine, input);
    done.store(true);
  });
  while (!done.load()) ASSERT_TRUE(engine->step());
  caller.join();
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace gerbil::testing
