// Settings of a chat: the flags of `gerbil run`, by name.
#include "cli/chat_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gerbil::cli {
namespace {

TEST(ChatSettingsTest, SetsWhatTheFlagsSet) {
  ChatSettings settings;
  ASSERT_TRUE(settings.set("temperature", {"0.5"}));
  ASSERT_TRUE(settings.set("top_k", {"40"}));
  ASSERT_TRUE(settings.set("top-k", {"50"}));
  ASSERT_TRUE(settings.set("think", {"on"}));
  ASSERT_TRUE(settings.set("max_tokens", {"7"}));
  ASSERT_TRUE(settings.set("stop", {"END", "-5"}));
  const GenerationOptions generation = settings.generation();
  EXPECT_EQ(generation.sampling.temperature, 0.5);
  EXPECT_EQ(generation.sampling.top_k, 50);
  EXPECT_EQ(generation.think, true);
  EXPECT_EQ(generation.max_tokens, 7);
  EXPECT_EQ(generation.stop, (std::vector<std::string>{"END", "-5"}));
  EXPECT_EQ(settings.value("top_k"), "50");

  ASSERT_TRUE(settings.set("think", {"off"}));
  EXPECT_EQ(settings.generation().think, false);
  ASSERT_TRUE(settings.set("think", {"default"}));
  EXPECT_EQ(settings.generation().think, std::nullopt);
}

TEST(ChatSettingsTest, RefusesWhatTheFlagsRefuse) {
  ChatSettings settings;
  ASSERT_TRUE(settings.set("top_k", {"40"}));
  const auto error = [&](std::string_view name, std::vector<std::string> values) {
    const Status done = settings.set(name, values);
    return done ? std::string() : done.error().message;
  };
  EXPECT_EQ(error("top_k", {"-1"}), "top_k: expected a whole number from 0 on, found \"-1\"");
  EXPECT_EQ(error("think", {"maybe"}), "think: expected on, off or default, found \"maybe\"");
  EXPECT_EQ(error("temprature", {"1"}),
            "unknown setting \"temprature\"; did you mean temperature?");
  EXPECT_EQ(error("zzz", {"1"}), "unknown setting \"zzz\"; /set lists them");
  for (const std::string name : {"temperature", "seed", "max_tokens", "stop", "think", ""}) {
    EXPECT_NE(error(name, {""}), "") << name;
    EXPECT_NE(error(name, {}), "") << name;
  }
  EXPECT_NE(error("no_think", {"on"}), "");
  EXPECT_NE(error("help", {"on"}), "");
  EXPECT_EQ(settings.value("top_k"), "40") << "an error changes nothing";
}

TEST(ChatSettingsTest, ListsEveryFlag) {
  const std::vector<SettingInfo> all = ChatSettings().list();
  for (const char* name :
       {"temperature", "top_k", "top_p", "min_p", "seed", "max_tokens", "think", "stop"}) {
    const auto at = std::ranges::find(all, name, &SettingInfo::name);
    ASSERT_NE(at, all.end()) << name;
    EXPECT_FALSE(at->help.empty()) << name;
    EXPECT_FALSE(at->value.has_value()) << name;
  }
}

}  // namespace
}  // namespace gerbil::cli
