// What a line of a chat is.
#include "cli/slash_commands.h"

#include <gtest/gtest.h>

namespace gerbil::cli {
namespace {

using Kind = ChatLine::Kind;

TEST(SlashCommandsTest, TellsMessagesFromCommands) {
  EXPECT_EQ(parse_chat_line("hello").kind, Kind::kMessage);
  EXPECT_EQ(parse_chat_line(" /help").kind, Kind::kMessage);
  EXPECT_EQ(parse_chat_line("//etc").text, "/etc");
  EXPECT_EQ(parse_chat_line("///").text, "//");
  EXPECT_EQ(parse_chat_line("/etc\nlines").kind, Kind::kMessage);
  EXPECT_EQ(parse_chat_line("").kind, Kind::kMessage);

  const ChatLine save = parse_chat_line("/save   my chat.json ");
  EXPECT_EQ(save.kind, Kind::kCommand);
  EXPECT_EQ(save.command, SlashCommand::kSave);
  EXPECT_EQ(save.text, "my chat.json");
  EXPECT_EQ(parse_chat_line("/exit").command, SlashCommand::kQuit);
  EXPECT_EQ(parse_chat_line("/?").command, SlashCommand::kHelp);
}

TEST(SlashCommandsTest, EveryCommandIsKnownByItsName) {
  for (const SlashCommandInfo& info : slash_commands()) {
    const ChatLine line = parse_chat_line(info.name);
    EXPECT_EQ(line.kind, Kind::kCommand) << info.name;
    EXPECT_EQ(line.command, info.command) << info.name;
  }
}

TEST(SlashCommandsTest, NamesTheCommandThatWasMeant) {
  EXPECT_TRUE(parse_chat_line("/quti").text.contains("did you mean /quit?"));
  EXPECT_TRUE(parse_chat_line("/sys be brief").text.contains("did you mean /system?"));
  EXPECT_TRUE(parse_chat_line("/Help").text.contains("did you mean /help?"));
  EXPECT_TRUE(parse_chat_line("/usr/bin/env").text.contains("written with //"));
  EXPECT_FALSE(parse_chat_line("/frobnicate").text.contains("did you mean"));
  EXPECT_FALSE(parse_chat_line("/").text.contains("did you mean"));
  EXPECT_EQ(parse_chat_line("/undo 3").kind, Kind::kUnknown);
  EXPECT_LT(parse_chat_line("/" + std::string(100'000, 'x')).text.size(), 300u);
}

}  // namespace
}  // namespace gerbil::cli
