// Lines into messages.
#include "cli/message_input.h"

#include <gtest/gtest.h>

namespace gerbil::cli {
namespace {

// The messages of the lines, each in brackets.
std::string messages(const std::vector<std::string>& lines) {
  MessageInput input;
  std::string all;
  for (const std::string& line : lines) {
    if (const auto message = input.add(line)) all += '[' + *message + ']';
  }
  return input.open() ? all + "..." + input.take() : all;
}

TEST(MessageInputTest, ALineIsAMessage) { EXPECT_EQ(messages({"one", "", "two"}), "[one][][two]"); }

TEST(MessageInputTest, ABackslashJoinsTheNextLine) {
  EXPECT_EQ(messages({"one\\", "two\\", "three", "four"}), "[one\ntwo\nthree][four]");
  EXPECT_EQ(messages({"one\\"}), "...one");
}

TEST(MessageInputTest, QuotesHoldLinesTogether) {
  EXPECT_EQ(messages({R"(""")", "one", "", "two\\", R"(""")", "x"}), "[one\n\ntwo\\][x]");
  EXPECT_EQ(messages({R"("""one)", R"(two""")"}), "[one\ntwo]");
  EXPECT_EQ(messages({R"("""one""")"}), "[one]");
  EXPECT_EQ(messages({R"(""")", "", "one", R"(""")"}), "[\none]");
  EXPECT_EQ(messages({R"(""")", R"(""")", "x"}), "[][x]");
  EXPECT_EQ(messages({R"(""")", "/quit"}), ".../quit");
}

TEST(MessageInputTest, PastedTextIsWhole) {
  EXPECT_EQ(messages({"one\n\"\"\"\ntwo\\", "x"}), "[one\n\"\"\"\ntwo\\][x]");
}

}  // namespace
}  // namespace gerbil::cli
