#include "base/quote.h"

#include <gtest/gtest.h>

namespace gerbil {
namespace {

TEST(InQuotes, EscapesWhatWouldBreakALineOrATerminal) {
  EXPECT_EQ(in_quotes("plain"), "\"plain\"");
  EXPECT_EQ(in_quotes("a\"b\\c\nd\x1b[0m"), "\"a\\\"b\\\\c\\nd\\u001b[0m\"");
}

TEST(InQuotes, CutsAtACharacter) {
  EXPECT_EQ(in_quotes("abcdef", 4), "\"abcd...\"");
  EXPECT_EQ(in_quotes("abc\xc3\xa9z", 4), "\"abc...\"");
  EXPECT_EQ(in_quotes("abc\xc3\xa9", 5), "\"abc\xc3\xa9\"");
}

}  // namespace
}  // namespace gerbil
