#include "api/thinking_limit.h"

#include <gtest/gtest.h>

namespace gerbil::api {
namespace {

// Pushes a token for each of `pieces`; how many until the thinking must be closed, or -1.
int closes_after(ThinkingLimit& limit, const std::vector<std::string>& pieces) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    limit.push(static_cast<int32_t>(i), pieces[i], false);
    if (limit.must_close()) return static_cast<int>(i) + 1;
  }
  return -1;
}

TEST(ThinkingLimit, CountsWhatIsBetweenTheMarkers) {
  ThinkingLimit limit({});
  EXPECT_EQ(closes_after(limit, {"\n", "<think>", "\n", "a", " b", "\n", "</think>", "\n\n", "c"}),
            -1);
  EXPECT_EQ(limit.tokens(), 4);
  EXPECT_EQ(limit.end(), ThinkingEnd::kItself);

  ThinkingLimit torn({.starts_inside = true, .open_text = "\n"});
  EXPECT_EQ(closes_after(torn, {"a", "b", "</", "thi", "nk>", "c"}), -1);
  EXPECT_EQ(torn.tokens(), 2);

  ThinkingLimit none({.budget = 0});
  EXPECT_EQ(closes_after(none, {"It ", "<think>", "a", "b"}), -1);
  EXPECT_EQ(none.tokens(), 0);
}

TEST(ThinkingLimit, TheBudgetClosesIt) {
  ThinkingLimit limit({.budget = 3, .starts_inside = true, .open_text = "\n"});
  EXPECT_FALSE(limit.must_close());
  EXPECT_EQ(closes_after(limit, {"a", "b", "c", "d"}), 3);
  EXPECT_EQ(limit.end(), ThinkingEnd::kBudget);
  limit.push(7, "\n</think>", true);
  limit.push(8, "\n\n", true);
  EXPECT_FALSE(limit.must_close());
  EXPECT_EQ(limit.tokens(), 3);
  limit.push(9, "<think>", false);  // the answer may speak of it
  EXPECT_FALSE(limit.must_close());

  ThinkingLimit own({.budget = 2});
  EXPECT_EQ(closes_after(own, {"<think>", "a", "b", "c"}), 3);
}

TEST(ThinkingLimit, ABudgetOfNothingClosesItBeforeItsFirstToken) {
  ThinkingLimit open({.budget = 0, .starts_inside = true, .open_text = "\n"});
  EXPECT_TRUE(open.must_close());
  EXPECT_EQ(open.closing(), "\n</think>\n\n");
  ThinkingLimit own({.budget = 0});
  EXPECT_FALSE(own.must_close());
  own.push(1, "<think>", false);
  EXPECT_TRUE(own.must_close());
  EXPECT_EQ(own.closing(), "\n\n</think>\n\n");
}

TEST(ThinkingLimit, TheClosingStartsALineUnlessThereIsOne) {
  const auto closing = [](const std::string& text) {
    ThinkingLimit limit({.budget = 0, .starts_inside = true, .open_text = text});
    EXPECT_TRUE(limit.must_close());
    return std::string(limit.closing());
  };
  EXPECT_EQ(closing(""), "\n\n</think>\n\n");
  EXPECT_EQ(closing("\n"), "\n</think>\n\n");
  EXPECT_EQ(closing("\n\n"), "</think>\n\n");
  EXPECT_EQ(closing("\nSo"), "\n</think>\n\n");
  EXPECT_EQ(closing("\nSo it is.\n"), "</think>\n\n");
}

TEST(ThinkingLimit, ClosesBetweenCharactersAndMarkers) {
  ThinkingLimit character({.budget = 1, .starts_inside = true});
  EXPECT_EQ(closes_after(character, {"\xf0\x9f", "\x98", "\x80", "d"}), 3);
  ThinkingLimit marker({.budget = 1, .starts_inside = true});
  EXPECT_EQ(closes_after(marker, {"a </thi", "nk>", "d"}), -1);
  EXPECT_EQ(marker.end(), ThinkingEnd::kItself);
  ThinkingLimit broken({.budget = 1, .starts_inside = true});
  EXPECT_EQ(closes_after(broken, std::vector<std::string>(20, "\xf0\x9f")), 9);  // never whole
}

// Ids of `period` that come again and again, `cycles` times behind a beginning of its own.
int circles_after(int period, int tokens) {
  ThinkingLimit limit({.starts_inside = true});
  for (int i = 0; i < 50; ++i) limit.push(100000 + i, "x", false);
  for (int i = 0; i < tokens; ++i) {
    limit.push(i % period, "y", false);
    if (limit.must_close()) {
      EXPECT_EQ(limit.end(), ThinkingEnd::kLoop);
      return i + 1;
    }
  }
  return -1;
}

TEST(ThinkingLimit, AThinkingInCirclesIsClosed) {
  EXPECT_EQ(circles_after(1, 1000), 256);
  EXPECT_EQ(circles_after(3, 1000), 256);
  EXPECT_EQ(circles_after(64, 1000), 256);
  EXPECT_EQ(circles_after(100, 1000), 400);
  EXPECT_EQ(circles_after(256, 2000), 1024);
  EXPECT_EQ(circles_after(257, 5000), -1);
}

TEST(ThinkingLimit, WhatOnlyLooksLikeACircleIsNotClosed) {
  ThinkingLimit limit({.starts_inside = true});
  for (int i = 0; i < 20000; ++i) {  // a list: the same words, another number in each line
    limit.push(i % 10 == 0 ? 1000 + i : i % 10, "y", false);
    ASSERT_FALSE(limit.must_close()) << i;
  }
  ThinkingLimit off({.loop_guard = false, .starts_inside = true});
  for (int i = 0; i < 2000; ++i) off.push(1, "y", false);
  EXPECT_FALSE(off.must_close());
}

}  // namespace
}  // namespace gerbil::api
