// The trained nano model asked about pictures and videos through the public API: its greedy answers
// are the reference implementation's, token for token, whatever the weights are held as.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gerbil/gerbil.h"
#include "support/compare.h"
#include "support/data.h"

namespace gerbil::testing {
namespace {

constexpr std::string_view kCases = "vl_seen";

std::string media_folder() { return (data_folder() / "nano" / "vl_seen_media").string(); }

struct Choice {
  std::string name;
  Backend backend;
  Quant quant;
  int64_t batch;
  int most_changed;
};

class NanoSeen : public ::testing::TestWithParam<Choice> {};

TEST_P(NanoSeen, AnswersAsTheReferenceDoes) {
  const Choice& choice = GetParam();
  auto engine = Engine::load({.model = demo_folder().string(),
                              .backend = choice.backend,
                              .quant = choice.quant,
                              .vision = Vision::kYes,
                              .threads = 2,
                              .batch = choice.batch});
  ASSERT_TRUE(engine) << engine.error().message;
  int changed = 0;
  const std::vector<NanoCase> cases = nano_cases(kCases);
  EXPECT_GE(cases.size(), 25U);
  for (const NanoCase& c : cases) {
    SCOPED_TRACE(c.id + " " + c.task);
    auto session = (*engine)->new_session();
    ASSERT_TRUE(session);
    const Chat chat{.messages = c.messages_json,
                    .tools = c.tools_json,
                    .think = c.enable_thinking,
                    .media_folder = media_folder()};
    const auto answer =
        (*session)->generate({.prompt = chat, .max_tokens = 256, .sampling = {.temperature = 0.0}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->prompt_tokens, std::ssize(c.input_ids));
    if (choice.most_changed == 0) {
      EXPECT_TRUE(same_ids(answer->token_ids, c.answer_ids));
    }
    changed += answer->token_ids != c.answer_ids;
  }
  EXPECT_LE(changed, choice.most_changed);
}

std::string choice_name(const ::testing::TestParamInfo<Choice>& choice) {
  return choice.param.name;
}

INSTANTIATE_TEST_SUITE_P(Choices, NanoSeen,
                         ::testing::Values(Choice{"f32", Backend::kCpu, Quant::kF32, 512, 0},
                                           Choice{"bf16", Backend::kCpu, Quant::kStored, 512, 0},
                                           Choice{"cut", Backend::kCpu, Quant::kStored, 7, 0},
                                           Choice{"q4", Backend::kCpu, Quant::kQ4, 512, 2}),
                         choice_name);

Result<Answer> ask(Session& session, const nlohmann::json& messages) {
  return session.generate(
      {.prompt = Chat{.messages = messages.dump(), .think = false, .media_folder = media_folder()},
       .max_tokens = 64,
       .sampling = {.temperature = 0.0}});
}

nlohmann::json question(const std::string& picture, const std::string& text) {
  return {
      {"role", "user"},
      {"content", {{{"type", "image"}, {"image", picture}}, {{"type", "text"}, {"text", text}}}}};
}

// The first picture of the cases.
std::vector<std::string> pictures() {
  std::vector<std::string> found;
  for (const NanoCase& c : nano_cases(kCases))
    for (const auto& message : nlohmann::json::parse(c.messages_json))
      if (message["content"].is_array())
        for (const auto& part : message["content"])
          if (part.contains("image")) found.push_back(part["image"]);
  return found;
}

// A second turn keeps the picture's places, and another picture in the same places is not taken for
// it.
TEST(NanoSeenTurns, GoOnFromAPictureAndTellPicturesApart) {
  auto engine = Engine::load({.model = demo_folder().string(),
                              .quant = Quant::kStored,
                              .vision = Vision::kYes,
                              .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  const std::vector<std::string> all = pictures();
  ASSERT_GE(all.size(), 2U);
  auto session = (*engine)->new_session();
  nlohmann::json messages = nlohmann::json::array({question(all[0], "What do you see?")});
  const auto first = ask(**session, messages);
  ASSERT_TRUE(first) << first.error().message;
  messages.push_back({{"role", "assistant"}, {"content", first->text}});
  messages.push_back(question(all[1], "And here?"));
  const auto second = ask(**session, messages);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GT(second->cached_tokens, 0);
  auto fresh = (*engine)->new_session();
  const auto again = ask(**fresh, messages);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->token_ids, second->token_ids);

  const auto other = nlohmann::json::array({question(all[1], "What do you see?")});
  auto one = (*engine)->new_session();
  ASSERT_TRUE(ask(**one, nlohmann::json::array({question(all[0], "What do you see?")})));
  const auto after = ask(**one, other);
  auto two = (*engine)->new_session();
  const auto alone = ask(**two, other);
  ASSERT_TRUE(after && alone);
  EXPECT_EQ(after->token_ids, alone->token_ids);
}

// Three turns about one picture, a fourth with it again and with a video of frames.
TEST(NanoSeenTurns, EncodeAPictureOnce) {
  auto engine = Engine::load({.model = demo_folder().string(),
                              .quant = Quant::kStored,
                              .vision = Vision::kYes,
                              .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  const std::string picture = pictures().front();
  auto session = (*engine)->new_session();
  auto messages = nlohmann::json::array({question(picture, "What do you see?")});
  const auto turn = [&](const nlohmann::json& next) {
    const auto answer = ask(**session, messages);
    EXPECT_TRUE(answer) << answer.error().message;
    messages.push_back({{"role", "assistant"}, {"content", answer ? answer->text : ""}});
    messages.push_back(next);
    return answer ? answer->encoded_patches : -1;
  };
  const nlohmann::json more = {{"role", "user"}, {"content", "What else?"}};
  const int64_t patches = turn(more);
  EXPECT_GT(patches, 0);
  EXPECT_EQ(turn(more), 0);
  EXPECT_EQ(turn(question(picture, "And here?")), 0);
  EXPECT_EQ(turn({{"role", "user"},
                  {"content",
                   {{{"type", "video"}, {"video", "videos/c041"}, {"fps", 4}},
                    {{"type", "text"}, {"text", "And here?"}}}}}),
            0);
  const auto video = ask(**session, messages);
  ASSERT_TRUE(video) << video.error().message;
  EXPECT_GT(video->encoded_patches, 0);
  EXPECT_GT(video->timings.encode_ms, 0);
  const auto again = ask(**session, messages);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->encoded_patches, 0);
  EXPECT_EQ(again->token_ids, video->token_ids);

  // Prepared otherwise it is another picture; another session has seen nothing.
  Request smaller{.prompt = Chat{.messages = messages.dump(),
                                 .think = false,
                                 .media_folder = media_folder(),
                                 .image_tokens = 4},
                  .max_tokens = 2};
  const auto shrunk = (*session)->generate(smaller);
  ASSERT_TRUE(shrunk) << shrunk.error().message;
  EXPECT_GT(shrunk->encoded_patches, 0);
  auto fresh = (*engine)->new_session();
  const auto alone = ask(**fresh, messages);
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->encoded_patches, patches + video->encoded_patches);  // the first comes twice
  EXPECT_EQ(alone->token_ids, video->token_ids);
}

TEST(NanoSeenTurns, CancelledBeforeTheFirstNothingIsEncoded) {
  auto engine =
      Engine::load({.model = demo_folder().string(), .vision = Vision::kYes, .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  auto session = (*engine)->new_session();
  const auto messages = nlohmann::json::array({question(pictures().front(), "What?")});
  (*session)->cancel();
  const auto cancelled = ask(**session, messages);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_EQ(cancelled->finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(cancelled->encoded_patches, 0);
  EXPECT_TRUE(cancelled->token_ids.empty());
  const auto answer = ask(**session, messages);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_GT(answer->encoded_patches, 0);
  auto fresh = (*engine)->new_session();
  EXPECT_EQ(ask(**fresh, messages)->token_ids, answer->token_ids);
}

TEST(NanoSeenErrors, AreOneClearLine) {
  auto engine = Engine::load(
      {.model = demo_folder().string(), .vision = Vision::kYes, .threads = 2, .context = 64});
  ASSERT_TRUE(engine) << engine.error().message;
  auto session = (*engine)->new_session();
  const auto message_of = [&](const nlohmann::json& messages) {
    const auto answer = ask(**session, messages);
    return answer ? std::string("an answer") : answer.error().message;
  };
  const std::string picture = pictures().front();
  const auto chat = [](auto... all) { return nlohmann::json::array({all...}); };
  EXPECT_TRUE(message_of(chat(question("none.png", "What?"))).contains("none.png"));
  EXPECT_EQ(message_of(chat(question(picture, "Is <|image_pad|> like it?"))),
            "the prompt has a place for a picture that the messages do not have");
  const nlohmann::json one = question(picture, "What?");
  EXPECT_TRUE(message_of(chat(one, one, one, one)).contains("context of 64"));

  auto text = Engine::load({.model = demo_folder().string(), .threads = 2});
  ASSERT_TRUE(text);
  auto blind = (*text)->new_session();
  const auto refused = ask(**blind, chat(one));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("\"image\"")) << refused.error().message;

  const auto none =
      Engine::load({.model = model_folder("qwen3-tiny").string(), .vision = Vision::kYes});
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.contains("takes text alone")) << none.error().message;
}

}  // namespace
}  // namespace gerbil::testing
