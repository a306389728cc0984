// What a Request can ask for, on the bundled model through the public API.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gerbil/gerbil.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr const char* kQuestion =
    R"([{"role": "user", "content": "What is the capital of Garth?"}])";

std::unique_ptr<Engine> load(Backend backend = Backend::kCpu, int threads = 2,
                             int64_t batch = 512) {
  auto engine = Engine::load({.model = demo_folder().string(),
                              .backend = backend,
                              .quant = Quant::kStored,
                              .threads = threads,
                              .batch = batch});
  EXPECT_TRUE(engine) << engine.error().message;
  return *std::move(engine);
}

Request ask(std::string messages = kQuestion) {
  return {.prompt = Chat{.messages = std::move(messages), .think = false},
          .max_tokens = 200,
          .sampling = {.temperature = 0.0}};
}

Answer generate(Engine& engine, const Request& request, const OnDelta& on_delta = {}) {
  const auto session = engine.new_session();
  auto answer = (*session)->generate(request, on_delta);
  EXPECT_TRUE(answer) << answer.error().message;
  return answer ? *std::move(answer) : Answer{};
}

std::string error_of(Engine& engine, const Request& request) {
  const auto answer = (*engine.new_session())->generate(request);
  return answer ? "no error" : answer.error().message;
}

TEST(Generation, AnUnfinishedMessageIsGoneOnWith) {
  const auto engine = load();
  const Answer whole = generate(*engine, ask());
  ASSERT_GT(whole.text.size(), 8u);
  const size_t half = whole.text.find(' ', whole.text.size() / 2);
  Request request =
      ask(std::string(kQuestion, strlen(kQuestion) - 1) +
          R"(, {"role": "assistant", "content": ")" + whole.text.substr(0, half) + "\"}]");
  std::get<Chat>(request.prompt).continue_final_message = true;
  const Answer rest = generate(*engine, request);
  EXPECT_EQ(whole.text.substr(half), rest.text);
}

TEST(Generation, AnUnfinishedThinkingIsGoneOnWith) {
  const auto engine = load();
  Request request = ask();
  std::get<Chat>(request.prompt).think = true;
  const Answer whole = generate(*engine, request);
  ASSERT_GT(whole.reasoning.size(), 8u);
  const size_t half = whole.reasoning.find(' ', whole.reasoning.size() / 2);
  Chat& chat = std::get<Chat>(request.prompt);
  chat.messages = std::string(kQuestion, strlen(kQuestion) - 1) +
                  R"(, {"role": "assistant", "content": "<think>\n)" +
                  whole.reasoning.substr(0, half) + "\"}]";
  chat.continue_final_message = true;
  const Answer rest = generate(*engine, request);
  EXPECT_EQ(whole.reasoning.substr(half), rest.reasoning);
  EXPECT_EQ(whole.text, rest.text) << ::testing::PrintToString(rest.token_ids);
}

TEST(Generation, OnlyTheAssistantsMessageIsGoneOnWith) {
  const auto engine = load();
  Request request = ask();
  std::get<Chat>(request.prompt).continue_final_message = true;
  EXPECT_EQ(error_of(*engine, request),
            "messages[0]: expected the role \"assistant\" in the message to be continued, found "
            "\"user\"");
}

TEST(Generation, StopTokensEndTheAnswerBesideTheCheckpointsOwn) {
  const auto engine = load();
  const Answer whole = generate(*engine, ask());
  ASSERT_GT(whole.token_ids.size(), 4u);
  Request request = ask();
  request.stop_token_ids = {whole.token_ids[3]};
  const Answer cut = generate(*engine, request);
  EXPECT_EQ(cut.finish_reason, FinishReason::kStop);
  EXPECT_EQ(cut.token_ids,
            std::vector<int32_t>(whole.token_ids.begin(), whole.token_ids.begin() + 4));
  EXPECT_TRUE(whole.text.starts_with(cut.text));

  request = ask();
  request.ignore_eos = true;
  const Answer longer = generate(*engine, request);
  EXPECT_EQ(longer.finish_reason, FinishReason::kLength);
  EXPECT_EQ(longer.token_ids.size(), 200u);

  request.stop_token_ids = {static_cast<int32_t>(engine->info().vocab_size)};
  EXPECT_NE(error_of(*engine, request).find("stop-token: expected ids from 0 to "),
            std::string::npos);
}

TEST(Generation, ACancelBeforeTheCallCountsForIt) {
  const auto engine = load();
  const auto session = *engine->new_session();
  session->cancel();
  const auto none = session->generate(ask());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->finish_reason, FinishReason::kCancelled);
  EXPECT_TRUE(none->token_ids.empty());
  // It is spent.
  EXPECT_EQ(session->generate(ask())->finish_reason, FinishReason::kStop);
  session->cancel();
  session->clear_cancel();
  EXPECT_EQ(session->generate(ask())->finish_reason, FinishReason::kStop);
}

std::vector<int32_t> ids_of(const std::vector<DrawnLogprob>& logprobs) {
  std::vector<int32_t> ids;
  for (const DrawnLogprob& one : logprobs) ids.push_back(one.id);
  return ids;
}

TEST(Generation, LogprobsAreOfTheModelWhateverTheSampling) {
  for (const Backend backend : {Backend::kReference, Backend::kCpu}) {
    const auto engine = load(backend);
    Request request = ask();
    request.logprobs = 5;
    const Answer plain = generate(*engine, request);
    ASSERT_EQ(plain.logprobs.size(), plain.token_ids.size() - 1);  // not the stop token's
    EXPECT_EQ(ids_of(plain.logprobs),
              std::vector<int32_t>(plain.token_ids.begin(), plain.token_ids.end() - 1));
    std::string text;
    for (const DrawnLogprob& one : plain.logprobs) {
      text += one.bytes;
      ASSERT_EQ(one.top.size(), 5u);
      EXPECT_EQ(one.top[0].id, one.id);  // greedy
      EXPECT_EQ(one.top[0].logprob, one.logprob);
      EXPECT_EQ(one.top[0].bytes, one.bytes);
      double sum = 0;
      for (size_t i = 0; i < 5; ++i) {
        sum += std::exp(one.top[i].logprob);
        EXPECT_GE(one.top[i == 0 ? 0 : i - 1].logprob, one.top[i].logprob);
      }
      EXPECT_LE(sum, 1 + 1e-5);
    }
    EXPECT_EQ(text, plain.text);
    // A bias changes what is drawn and not what the model thinks of it.
    const TokenLogprob second = plain.logprobs[0].top[1];
    request.sampling.logit_bias = {{second.id, 100}};
    request.max_tokens = 1;
    const Answer biased = generate(*engine, request);
    ASSERT_EQ(biased.token_ids, std::vector<int32_t>{second.id});
    ASSERT_EQ(biased.logprobs.size(), 1u);
    EXPECT_EQ(biased.logprobs[0].logprob, second.logprob);
    EXPECT_EQ(biased.logprobs[0].top[0].id, plain.token_ids[0]);
  }
}

TEST(Generation, LogprobsEndWhereTheAnswerDoesAndComeWithItsPieces) {
  const auto engine = load();
  const Answer whole = generate(*engine, ask());
  Request request = ask();
  request.logprobs = 0;
  std::vector<DrawnLogprob> streamed;
  const OnDelta collect = [&](const Delta& delta) {
    streamed.insert(streamed.end(), delta.logprobs.begin(), delta.logprobs.end());
  };
  // Ends inside of a token and of a word: what is before it stays.
  const size_t from = whole.text.find("Stone");
  ASSERT_NE(from, std::string::npos);
  request.stop = {whole.text.substr(from + 1, 3)};
  const Answer cut = generate(*engine, request, collect);
  EXPECT_EQ(cut.finish_reason, FinishReason::kStop);
  EXPECT_EQ(cut.text, whole.text.substr(0, from + 1));
  std::string text;
  for (const DrawnLogprob& one : cut.logprobs) {
    EXPECT_TRUE(one.top.empty());
    EXPECT_LT(text.size(), cut.text.size());  // each token begins in the answer
    text += one.bytes;
  }
  EXPECT_TRUE(text.starts_with(cut.text)) << text;
  EXPECT_EQ(ids_of(streamed), ids_of(cut.logprobs));

  streamed.clear();
  std::get<Chat>(request.prompt).think = true;
  request.stop.clear();
  const Answer thought = generate(*engine, request, collect);
  EXPECT_FALSE(thought.reasoning.empty());
  EXPECT_EQ(ids_of(streamed), ids_of(thought.logprobs));
}

TEST(Generation, PenaltiesAndBiasChangeTheAnswer) {
  const auto engine = load();
  const Answer whole = generate(*engine, ask());
  Request request = ask();
  request.sampling.logit_bias = {{whole.token_ids[0], -100}};
  EXPECT_NE(generate(*engine, request).token_ids[0], whole.token_ids[0]);

  // Nothing comes twice where each token of the answer is made unlikely.
  const int32_t word = whole.token_ids[5];  // of "Stonegate": not in the question
  request = ask();
  request.max_tokens = 6;
  request.sampling.logit_bias = {{word, 100}};
  EXPECT_EQ(generate(*engine, request).token_ids, std::vector<int32_t>(6, word));
  request.sampling.presence_penalty = 2;  // once: too little against a bias of 100
  EXPECT_EQ(generate(*engine, request).token_ids, std::vector<int32_t>(6, word));
  request.sampling.repetition_penalty = 100;  // the prompt's tokens too, before the first is drawn
  const Answer varied = generate(*engine, request);
  EXPECT_EQ(std::ranges::count(varied.token_ids, word), 1)
      << ::testing::PrintToString(varied.token_ids);
}

TEST(Generation, NoStopTokenComesBeforeTheLeastLength) {
  const auto engine = load();
  const Answer whole = generate(*engine, ask());
  Request request = ask();
  request.min_tokens = std::ssize(whole.token_ids) + 10;
  const Answer longer = generate(*engine, request);
  EXPECT_GE(std::ssize(longer.token_ids), *request.min_tokens);
  EXPECT_TRUE(std::ranges::equal(whole.token_ids.begin(), whole.token_ids.end() - 1,
                                 longer.token_ids.begin(),
                                 longer.token_ids.begin() + std::ssize(whole.token_ids) - 1));
}

TEST(Generation, AThinkingEndsAtItsBudgetAndTheAnswerComes) {
  for (const int64_t batch : {1, 512}) {
    const auto engine = load(Backend::kCpu, 2, batch);
    Request request = ask();
    std::get<Chat>(request.prompt).think = true;
    request.logprobs = 1;
    const Answer free = generate(*engine, request);
    ASSERT_GT(free.reasoning_tokens, 4);
    EXPECT_EQ(free.thinking_end, ThinkingEnd::kItself);
    for (const int64_t budget : {0, 1, 4}) {
      request.thinking_budget = budget;
      const Answer cut = generate(*engine, request);
      EXPECT_EQ(cut.thinking_end, ThinkingEnd::kBudget) << budget;
      EXPECT_EQ(cut.reasoning_tokens, budget);
      EXPECT_TRUE(free.reasoning.starts_with(cut.reasoning));
      EXPECT_EQ(cut.reasoning.empty(), budget == 0);
      EXPECT_FALSE(cut.text.empty());
      EXPECT_EQ(cut.text.find("think>"), std::string::npos) << cut.text;
      EXPECT_EQ(cut.finish_reason, FinishReason::kStop);
      EXPECT_EQ(cut.logprobs.size(), cut.token_ids.size() - 1);
    }
    // A thinking of no token is the one that the template writes for an answer without thinking.
    request.thinking_budget = 0;
    EXPECT_EQ(generate(*engine, request).text, generate(*engine, ask()).text);
    request.thinking_budget = free.reasoning_tokens + 1;
    EXPECT_EQ(generate(*engine, request).token_ids, free.token_ids);
    // The closing counts towards the limit of the answer.
    request.thinking_budget = 2;
    request.max_tokens = 3;
    const Answer short_one = generate(*engine, request);
    EXPECT_EQ(short_one.token_ids.size(), 3u);
    EXPECT_EQ(short_one.finish_reason, FinishReason::kLength);
    // A stop string in what closes it ends the answer there.
    request.max_tokens = 200;
    request.stop = {"</think>"};
    const Answer stopped = generate(*engine, request);
    EXPECT_EQ(stopped.finish_reason, FinishReason::kStop);
    EXPECT_TRUE(stopped.text.empty());
  }
}

TEST(Generation, AThinkingInCirclesIsClosed) {
  const auto engine = load();
  Request request = ask();
  std::get<Chat>(request.prompt).think = true;
  request.max_tokens = 600;
  const Answer free = generate(*engine, request);
  request.sampling.logit_bias = {{free.token_ids[2], 100}};  // one word, again and again
  const Answer closed = generate(*engine, request);
  EXPECT_EQ(closed.thinking_end, ThinkingEnd::kLoop);
  EXPECT_EQ(closed.reasoning_tokens, 256);
  EXPECT_FALSE(closed.text.empty());
  request.thinking_loop_guard = false;
  const Answer open = generate(*engine, request);
  EXPECT_EQ(open.thinking_end, ThinkingEnd::kItself);
  EXPECT_EQ(open.reasoning_tokens, 600);
  EXPECT_TRUE(open.text.empty());
}

TEST(Generation, WhatIsOutOfRangeIsAnErrorThatNamesIt) {
  const auto engine = load();
  const auto message = [&](auto change) {
    Request request = ask();
    change(request);
    return error_of(*engine, request);
  };
  EXPECT_EQ(message([](Request& r) { r.logprobs = 21; }), "logprobs: expected 0 to 20, found 21");
  EXPECT_EQ(message([](Request& r) { r.logprobs = -1; }), "logprobs: expected 0 to 20, found -1");
  EXPECT_EQ(message([](Request& r) { r.min_tokens = -1; }),
            "min-tokens: expected 0 or more, found -1");
  EXPECT_EQ(message([](Request& r) { r.thinking_budget = -5; }),
            "thinking-budget: expected 0 or more, found -5");
  EXPECT_EQ(message([](Request& r) { r.prompt = RawText{"a"}, r.thinking_budget = 5; }),
            "thinking-budget: expected a chat as the prompt");
  EXPECT_EQ(message([](Request& r) { r.sampling.repetition_penalty = 0; }),
            "repetition-penalty: expected above 0 to 100, found 0");
  EXPECT_EQ(message([](Request& r) { r.sampling.logit_bias = {{-1, 1}}; }).substr(0, 29),
            "logit-bias: expected ids from");
}

// A seed says what is drawn, whatever computes it: each answer here is made again on both backends,
// with 1, 2 and 3 threads, in steps of 1, 7 and 512 rows, with three others in the same steps.
class Seeds : public ::testing::TestWithParam<std::string> {};

// Hot, as the models are very sure.
std::vector<Request> seeded_requests() {
  std::vector<Request> all;
  const char* questions[] = {"What is the capital of Garth?", "Tell me a story about a crow."};
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Request request =
        ask(R"([{"role": "user", "content": ")" + std::string(questions[seed % 2]) + "\"}]");
    request.max_tokens = 40;
    request.sampling = {.temperature = 2 + 0.5 * static_cast<double>(seed),
                        .top_k = seed % 2 == 0 ? 0 : 50,
                        .top_p = 0.95,
                        .min_p = seed == 3 ? 0.02 : 0.0,
                        .repetition_penalty = seed == 1 ? 1.0 : 1.15,
                        .presence_penalty = 0.3 * static_cast<double>(seed % 3),
                        .frequency_penalty = seed % 2 == 0 ? 0.2 : 0.0,
                        .logit_bias = {{static_cast<int32_t>(300 + seed), 1.5}},
                        .seed = seed};
    all.push_back(std::move(request));
  }
  return all;
}

TEST_P(Seeds, GiveTheSameTextOnEveryBackendThreadCountAndBatch) {
  const std::string folder =
      (GetParam() == "demo" ? demo_folder() : model_folder("qwen3-nano")).string();
  const std::vector<Request> requests = seeded_requests();
  const auto answers = [&](Backend backend, int threads, int64_t batch, bool company) {
    auto engine = Engine::load({.model = folder,
                                .backend = backend,
                                .quant = Quant::kStored,
                                .kv = Kv::kF32,
                                .threads = threads,
                                .batch = batch});
    EXPECT_TRUE(engine);
    std::vector<std::vector<int32_t>> ids(requests.size());
    const auto run = [&](size_t i) { ids[i] = generate(**engine, requests[i]).token_ids; };
    if (!company) {
      for (size_t i = 0; i < requests.size(); ++i) run(i);
      return ids;
    }
    EXPECT_TRUE((*engine)->start());
    std::vector<std::jthread> sessions;
    for (size_t i = 0; i < requests.size(); ++i) sessions.emplace_back(run, i);
    return sessions.clear(), ids;
  };
  const auto want = answers(Backend::kReference, 1, 512, false);
  EXPECT_NE(want[0], want[2]);
  EXPECT_NE(want[1], want[3]);
  EXPECT_EQ(answers(Backend::kReference, 1, 7, true), want) << "reference, in company";
  for (const int threads : {1, 2, 3})
    for (const int64_t batch : {1, 7, 512}) {
      EXPECT_EQ(answers(Backend::kCpu, threads, batch, false), want) << threads << " " << batch;
      EXPECT_EQ(answers(Backend::kCpu, threads, batch, true), want)
          << threads << " threads, batch " << batch << ", in company";
    }
}

INSTANTIATE_TEST_SUITE_P(Models, Seeds, ::testing::Values("demo", "qwen3"),
                         [](const auto& named) { return named.param; });

}  // namespace
}  // namespace gerbil::testing
