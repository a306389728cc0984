#include "text/stop_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace gerbil::text {
namespace {

StopMatcher matcher_of(std::vector<std::string> stops) { return *StopMatcher::create(stops); }

TEST(StopMatcher, PassesEverythingWithoutStops) {
  StopMatcher matcher = matcher_of({});
  EXPECT_EQ(matcher.push("abc").text, "abc");
  EXPECT_EQ(matcher.flush(), "");
  EXPECT_FALSE(matcher.stopped());
}

TEST(StopMatcher, FindsAStopOverTheBordersOfPieces) {
  StopMatcher matcher = matcher_of({"</end>"});
  EXPECT_EQ(matcher.push("hello <").text, "hello ");
  EXPECT_EQ(matcher.push("/en").text, "");
  EXPECT_EQ(matcher.held_bytes(), 4u);
  const auto step = matcher.push("d> and more");
  EXPECT_EQ(step.text, "");
  EXPECT_TRUE(step.stopped);
  EXPECT_EQ(matcher.stopped_index(), 0);
  EXPECT_EQ(matcher.push("ignored").text, "");
  EXPECT_TRUE(matcher.push("ignored").stopped);
  EXPECT_EQ(matcher.flush(), "");
}

TEST(StopMatcher, GivesBackWhatTurnsOutToBeNoStop) {
  StopMatcher matcher = matcher_of({"aab"});
  EXPECT_EQ(matcher.push("a").text, "");
  EXPECT_EQ(matcher.push("a").text, "");
  EXPECT_EQ(matcher.push("a").text, "a");  // "aa" may still begin it
  EXPECT_EQ(matcher.push("c").text, "aac");
  EXPECT_EQ(matcher.push("xaa").text, "x");
  EXPECT_EQ(matcher.flush(), "aa");
  EXPECT_EQ(matcher.flush(), "");
  EXPECT_FALSE(matcher.stopped());
}

TEST(StopMatcher, TheStopThatIsCompleteFirstWinsThenTheLongest) {
  StopMatcher first = matcher_of({"abcd", "bc"});
  const auto step = first.push("xabcd");
  EXPECT_EQ(step.text, "xa");
  EXPECT_EQ(first.stopped_index(), 1);

  StopMatcher longest = matcher_of({"c", "bc", "abc"});
  EXPECT_EQ(longest.push("xabc").text, "x");
  EXPECT_EQ(longest.stopped_index(), 2);

  StopMatcher same = matcher_of({"x", "x"});
  EXPECT_EQ(same.push("ax").text, "a");
  EXPECT_EQ(same.stopped_index(), 0);
}

TEST(StopMatcher, HoldsBackWholeCharacters) {
  StopMatcher matcher = matcher_of({"\xC3\xA9!"});
  EXPECT_EQ(matcher.push("caf\xC3\xA9").text, "caf");
  EXPECT_EQ(matcher.push("\xC3\xA8").text, "\xC3\xA9\xC3\xA8");
}

TEST(StopMatcher, RefusesStopsThatCannotBeMeant) {
  const auto message = [](std::vector<std::string> stops) {
    const auto matcher = StopMatcher::create(stops);
    return matcher ? "no error" : matcher.error().message;
  };
  EXPECT_EQ(message({"a", ""}), "stop string 1 is empty");
  EXPECT_EQ(message({"\xFF"}), "stop string 0 is not valid UTF-8 at byte 0 (0xff)");
  EXPECT_EQ(message({std::string(70000, 'a')}), "stop strings of more than 65536 bytes in all");
}

// However the text is cut, the result is that of a search in the whole text, and no byte is held
// back that could be given.
TEST(StopMatcher, IsASearchInTheWholeTextForRandomStopsAndCuts) {
  std::mt19937 random(9);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops(1 + random() % 4);
    for (auto& stop : stops) {
      stop.resize(1 + random() % 5);
      for (char& c : stop) c = "ab"[random() % 2];
    }
    std::string text(random() % 30, ' ');
    for (char& c : text) c = "abc"[random() % 8 < 7 ? random() % 2 : 2];

    size_t best_end = std::string::npos;
    size_t best_begin = 0;
    for (const auto& stop : stops) {
      const size_t begin = text.find(stop);
      if (begin == std::string::npos) continue;
      const size_t end = begin + stop.size();
      if (end < best_end || (end == best_end && begin < best_begin)) {
        best_end = end;
        best_begin = begin;
      }
    }
    const bool stops_here = best_end != std::string::npos;

    StopMatcher matcher = matcher_of(stops);
    std::string out;
    for (size_t i = 0; i < text.size();) {
      const size_t size = 1 + random() % 4;
      out += matcher.push(std::string_view(text).substr(i, size)).text;
      i += size;
      if (matcher.stopped()) break;
      const std::string seen = text.substr(0, i);
      size_t must_hold = 0;
      for (const auto& stop : stops)
        for (size_t n = 1; n < stop.size(); ++n)
          if (seen.ends_with(stop.substr(0, n))) must_hold = std::max(must_hold, n);
      ASSERT_EQ(out.size() + must_hold, seen.size()) << text;
    }
    out += matcher.flush();
    ASSERT_EQ(matcher.stopped(), stops_here) << text;
    ASSERT_EQ(out, stops_here ? text.substr(0, best_begin) : text);
  }
}

}  // namespace
}  // namespace gerbil::text
