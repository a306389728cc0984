// What a Request can ask for, on the bundled model through the public API.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "gerbil/gerbil.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr const char* kQuestion =
    R"([{"role": "user", "content": "What is the capital of Garth?"}])";

std::unique_ptr<Engine> load(Backend backend = Backend::kCpu, int threads = 2,
                             int64_t batch = 512) {
  auto engine = Engine::load(
      {.model = demo_folder().string(), .backend = backend, .threads = threads, .batch = batch});
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

}  // namespace
}  // namespace gerbil::testing
