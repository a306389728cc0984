// Sessions through the public API: several at once, cancelled at any moment, and with any stop
// string; what a session streams, and what it answers afterwards.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gerbil/gerbil.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

std::unique_ptr<Engine> load(int64_t batch = 512) {
  auto engine = Engine::load({.model = demo_folder().string(),
                              .quant = Quant::kStored,
                              .kv = Kv::kF32,
                              .threads = 2,
                              .batch = batch});
  EXPECT_TRUE(engine) << engine.error().message;
  return *std::move(engine);
}

Request ask(const std::string& question) {
  return {.prompt = Chat{.messages = R"([{"role": "user", "content": ")" + question + "\"}]",
                         .think = false},
          .max_tokens = 200,
          .sampling = {.temperature = 0.0}};
}

// Answers without an end of their own, so that only a cancel ends them.
Request endless() {
  Request request = ask("Tell me a story about a crow and a seed.");
  request.max_tokens = 0;
  request.ignore_eos = true;
  return request;
}

// A prompt of many steps at `batch` 1.
Request long_prompt() {
  return {.prompt = TokenIds{std::vector<int32_t>(3000, 300)}, .max_tokens = 0, .ignore_eos = true};
}

struct Streamed {
  Answer answer;
  std::string text;  // of the pieces
};

Streamed generate(Session& session, const Request& request) {
  Streamed streamed;
  auto answer = session.generate(request, [&](const Delta& delta) {
    if (delta.kind == Delta::Kind::kText) streamed.text += delta.text;
  });
  EXPECT_TRUE(answer) << answer.error().message;
  if (answer) streamed.answer = *std::move(answer);
  return streamed;
}

Streamed generate(Engine& engine, const Request& request) {
  const auto session = engine.new_session();
  return generate(**session, request);
}

const std::vector<std::string> kQuestions = {"What is the capital of Garth?",
                                             "Tell me a story about a crow and a seed.", "Hello",
                                             "What is 12 + 30?"};

// Each thread has a session; without a driver thread whoever waits runs the steps.
TEST(Sessions, ManyAtOnceAnswerAndStreamAsAlone) {
  for (const bool driver : {false, true}) {
    const auto engine = load(7);
    std::vector<Streamed> alone;
    for (const std::string& question : kQuestions)
      alone.push_back(generate(*engine, ask(question)));
    if (driver) {
      ASSERT_TRUE(engine->start());
    }
    std::vector<Streamed> together(kQuestions.size());
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kQuestions.size(); ++i)
      threads.emplace_back([&, i] { together[i] = generate(*engine, ask(kQuestions[i])); });
    threads.clear();
    for (size_t i = 0; i < kQuestions.size(); ++i) {
      EXPECT_EQ(together[i].answer.token_ids, alone[i].answer.token_ids) << kQuestions[i];
      EXPECT_EQ(together[i].answer.text, alone[i].answer.text);
      EXPECT_EQ(together[i].text, alone[i].answer.text) << "as it was streamed";
    }
  }
}

TEST(Sessions, ACancelWhileItAnswersKeepsWhatWasSaidAndTheOthersGoOn) {
  for (const bool driver : {false, true}) {
    const auto engine = load();
    const Streamed want = generate(*engine, ask(kQuestions[1]));
    if (driver) {
      ASSERT_TRUE(engine->start());
    }
    const auto session = *engine->new_session();
    std::atomic<int> pieces = 0;
    Streamed cancelled, other;
    {
      std::jthread one([&] {
        auto answer = session->generate(endless(), [&](const Delta& delta) {
          cancelled.text += delta.text;
          ++pieces;
          pieces.notify_all();
        });
        pieces = 3;  // also where it failed: nobody shall wait
        pieces.notify_all();
        ASSERT_TRUE(answer);
        cancelled.answer = *std::move(answer);
      });
      std::jthread two([&] { other = generate(*engine, ask(kQuestions[1])); });
      for (int seen = 0; seen < 3; seen = pieces) pieces.wait(seen);
      session->cancel();
    }
    EXPECT_EQ(cancelled.answer.finish_reason, FinishReason::kCancelled);
    EXPECT_FALSE(cancelled.answer.text.empty());
    EXPECT_EQ(cancelled.text, cancelled.answer.text);
    EXPECT_EQ(other.answer.token_ids, want.answer.token_ids);
    // The session answers on, from what it still holds.
    EXPECT_EQ(generate(*session, ask(kQuestions[1])).answer.token_ids, want.answer.token_ids);
  }
}

TEST(Sessions, ACallbackMayCancel) {
  const auto engine = load();
  const auto session = *engine->new_session();
  int pieces = 0;
  const auto answer = session->generate(endless(), [&](const Delta&) {
    if (++pieces == 2) session->cancel();
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(generate(*session, ask("Hello")).answer.text,
            generate(*engine, ask("Hello")).answer.text);
}

// Whenever the cancel comes: before the prompt, inside of it or behind it.
TEST(Sessions, ACancelWhileThePromptIsReadEndsIt) {
  const auto engine = load(1);
  const Streamed want = generate(*engine, ask(kQuestions[0]));
  for (const int milliseconds : {0, 20, 60}) {
    const auto session = *engine->new_session();
    Result<Answer> answer;
    {
      std::jthread one([&] { answer = session->generate(long_prompt()); });
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      session->cancel();
    }
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->finish_reason, FinishReason::kCancelled);
    EXPECT_EQ(generate(*session, ask(kQuestions[0])).answer.token_ids, want.answer.token_ids);
  }
}

TEST(Sessions, OutliveTheirEngine) {
  auto engine = load();
  const std::string want = generate(*engine, ask(kQuestions[0])).answer.text;
  const auto session = *engine->new_session();
  engine.reset();
  EXPECT_EQ(generate(*session, ask(kQuestions[0])).answer.text, want);
}

// Every few characters of an answer as the stop string, however they lie on its tokens.
TEST(Sessions, AStopStringEndsTheAnswerWhereverTokensEnd) {
  const auto engine = load();
  const std::string whole = generate(*engine, ask(kQuestions[0])).answer.text;
  ASSERT_GT(whole.size(), 20u);
  const auto session = *engine->new_session();
  for (size_t length = 1; length <= 9; length += 4)
    for (size_t begin = 0; begin + length <= whole.size(); ++begin) {
      Request request = ask(kQuestions[0]);
      request.stop = {"never said", whole.substr(begin, length)};
      const Streamed cut = generate(*session, request);
      EXPECT_EQ(cut.answer.text, whole.substr(0, whole.find(request.stop[1])))
          << "stop: " << request.stop[1];
      EXPECT_EQ(cut.text, cut.answer.text);
      EXPECT_EQ(cut.answer.finish_reason, FinishReason::kStop);
    }
  EXPECT_EQ(generate(*session, ask(kQuestions[0])).answer.text, whole);
}

}  // namespace
}  // namespace gerbil::testing
