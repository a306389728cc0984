#include "text/regex.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "text/utf8.h"

namespace gerbil::text {
namespace {

// All matches from left to right, joined by '|'.
std::string matches(std::string_view pattern, std::string_view subject) {
  auto regex = Regex::compile(pattern);
  if (!regex) return regex.error().message;
  RegexMatcher matcher;
  std::string out;
  for (size_t start = 0; start < subject.size();) {
    const auto match = matcher.find(*regex, subject, start);
    if (!match) return match.error().message;
    if (!*match) break;
    if (!out.empty()) out += '|';
    out += subject.substr((*match)->begin, (*match)->end - (*match)->begin);
    start = std::max((*match)->end, start + 1);
  }
  return out;
}

std::string message(std::string_view pattern) {
  const auto regex = Regex::compile(pattern);
  return regex ? "no error" : regex.error().message;
}

TEST(Regex, SplitsAsQwenDoes) {
  EXPECT_EQ(matches(R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
                    R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
                    "I'LL say  hi_you 42!!\n\n  x"),
            "I|'LL| say| | hi|_you| |4|2|!!\n\n| | x");
}

// The one place where PCRE2 and Oniguruma disagree about white space.
TEST(Regex, WhiteSpaceHoldsNoMongolianVowelSeparator) {
  std::string all;
  for (char32_t c = 0; c < 0x10FFFF; ++c)
    if (c < 0xD800 || c >= 0xE000) append_utf8(all, c);
  const auto count = [](const std::string& text) {
    size_t characters = 0;
    for (const char c : text) characters += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
    return characters;
  };
  const std::string spaces = matches(R"(\s+)", all);
  EXPECT_EQ(count(spaces), 25u + 9u);  // in ten groups
  EXPECT_EQ(spaces.find("\xE1\xA0\x8E"), std::string::npos);
  EXPECT_EQ(matches(R"([\s]+)", all), spaces);
  const std::string others = matches(R"(\S+)", all);
  EXPECT_EQ(matches(R"([^\s]+)", all), others);
  EXPECT_EQ(matches(R"([\S]+)", all), others);
  EXPECT_EQ(count(spaces) - 9 + count(others) - 10, count(all));  // ten gaps: eleven groups
}

TEST(Regex, RewritesWhatTheDialectsReadDifferently) {
  EXPECT_EQ(matches(R"(\h+)", "xyz12AFg"), "12AF");  // hexadecimal, not blank
  EXPECT_EQ(matches(R"(\w+)", "a\xC3\xA9_1-b"), "a\xC3\xA9_1|b");
  EXPECT_EQ(matches(R"(\bb\w*\b)",
                    "ab bc \xC3\xA9"
                    "b b"),
            "bc|b");
  EXPECT_EQ(matches(R"(a{,2}b)", "aaab"), "aab");
  EXPECT_EQ(matches(R"(\u00e9|\x{1F600}|\x41)", "\xC3\xA9 \xF0\x9F\x98\x80 A"),
            "\xC3\xA9|\xF0\x9F\x98\x80|A");
  EXPECT_EQ(matches(R"([\s-]+)", "a - b"), " - ");
  EXPECT_EQ(matches(R"(^.)", "ab\ncd"), "a|c");
  EXPECT_EQ(matches(R"(a{|b{x})", "a{b{x}"), "a{|b{x}");
}

TEST(Regex, RefusesWhatItWouldReadOtherwise) {
  EXPECT_EQ(
      message("a[b&&c]"),
      "the regular expression \"a[b&&c]\" has an intersection of sets at byte 3, which is not "
      "understood");
  for (const char* pattern :
       {"[a[bc]]",   "[[:alpha:]]", "(?<name>a)", "(?P<n>a)", "(?R)",    "(?1)",      "(?C1)",
        "(*UTF)",    "(*ACCEPT)",   "\\1",        "\\K",      "\\C",     "\\X",       "\\R",
        "\\G",       "\\Qa\\E",     "a{2}+",      "a{2}?",    "a**",     "*a",        "(|+)",
        "[]a]",      "[\\W]",       "[\\b]",      "\\pL",     "\\p{L&}", "\\xE9",     "\\x{110000}",
        "\\x{d800}", "\\u12",       "(?s)a",      "(?#x)",    "(?(1)a)", "a{999999}", "\\",
        "[a-\\d]",   "[a-[b]]"}) {
    const auto regex = Regex::compile(pattern);
    ASSERT_FALSE(regex) << pattern;
    EXPECT_EQ(regex.error().code, ErrorCode::kUnsupported) << regex.error().message;
    EXPECT_EQ(regex.error().message.find('\n'), std::string::npos);
  }
}

TEST(Regex, RefusesWhatIsNotARegularExpression) {
  EXPECT_EQ(message("(a"),
            "the regular expression \"(a\" is not valid: missing closing parenthesis");
  EXPECT_EQ(message("a)"),
            "the regular expression \"a)\" is not valid: unmatched closing parenthesis");
  EXPECT_NE(message("[z-a]").find("is not valid"), std::string::npos);
  EXPECT_NE(message("\\p{Nonsense}").find("is not valid"), std::string::npos);
  EXPECT_NE(message(std::string(100, '(') + std::string(100, ')')).find("is not valid"),
            std::string::npos);
  EXPECT_NE(message(std::string(20000, 'a')).find("more than the limit of 16384"),
            std::string::npos);
  EXPECT_EQ(message("a\xFF"), "a regular expression is not valid UTF-8 at byte 1 (0xff)");
}

TEST(Regex, APatternThatBacktracksWithoutEndGivesUp) {
  const std::string subject(64, 'a');
  EXPECT_NE(matches("(a|a)+[bc]", subject + "d").find("a regular expression gave up at byte 0"),
            std::string::npos);
}

// Minutes for each of these, if the text could be looked through for every match, or for every
// place where none begins.
TEST(Regex, APatternThatLooksThroughTheTextAgainAndAgainGivesUp) {
  const std::string subject(300'000, 'a');
  for (const char* pattern : {".(?=a*b)|.", "a*b", "x|a+$.", "(?=(?:a|b)*c)a|.", "(?:a|aa)*b"})
    EXPECT_NE(matches(pattern, subject).find("it looks through the text too often"),
              std::string::npos)
        << pattern;
}

// A search sees a few bytes first: what it finds is what it finds when it sees all of the text.
TEST(Regex, WhatASearchIsShownFirstChangesNoAnswer) {
  const char* const patterns[] = {
      "a+",
      "a+$",
      "^b",
      "$",
      "^",
      "\\b",
      "\\B",
      "(?!a)",
      "a(?!b)",
      "b(?=a*\n)",
      "(?<=a)b",
      "(?<!a)b*",
      "(?<=\xC3\xA9)(?=a)",
      "a*?b",
      "a{2,3}",
      "a{3,}?\n",
      "(?:ab|a)+(?:b|$)",
      "(?>a|ab)c",
      "[^a]+$",
      "\\s+(?!\\S)|\\s+",
      "\\p{L}+|\\s*[\\r\\n]+| ?[^\\s\\p{L}]+",
      "x*",
      "aaaaaaaa|\n\n\n",
      "\xC3\xA9+|(?:a|b)+c",
      "(?i:AB)|B\\b",
      "a\\z|b\\Z|\\Ab",
  };
  std::mt19937 random(8);
  for (const char* pattern : patterns) {
    const auto regex = Regex::compile(pattern);
    if (!regex) continue;  // \\z and \\Z
    for (int round = 0; round < 300; ++round) {
      std::string subject;
      for (size_t size = random() % 60; size > 0; --size)
        subject +=
            std::array{"a", "b", "a", "\n", " ", "c", "\xC3\xA9", "A"}[random() % (2 + round % 7)];
      RegexMatcher all(1 << 20);
      RegexMatcher few(1 + round % 20);
      for (size_t start = 0; start <= subject.size(); start += 1 + random() % 5) {
        while (start < subject.size() && (static_cast<uint8_t>(subject[start]) & 0xC0) == 0x80)
          ++start;
        const auto want = all.find(*regex, subject, start);
        const auto got = few.find(*regex, subject, start);
        ASSERT_TRUE(want && got);
        ASSERT_EQ(got->has_value(), want->has_value())
            << pattern << " in " << subject << " at " << start;
        if (!*want) continue;
        ASSERT_EQ((*got)->begin, (*want)->begin) << pattern << " in " << subject << " at " << start;
        ASSERT_EQ((*got)->end, (*want)->end) << pattern << " in " << subject << " at " << start;
      }
    }
  }
}

TEST(Regex, LongMatchesAreFoundWhole) {
  for (const size_t size : {255, 256, 257, 4095, 4096, 4097, 70'000}) {
    const std::string word(size, 'a');
    EXPECT_EQ(matches("a+", word), word);
    EXPECT_EQ(matches("a+(?!b)", word + "bb"), word.substr(1));
    EXPECT_EQ(matches("x", word + "x" + word + "x"), "x|x");
    EXPECT_EQ(matches("a+$", word + "\nb"), word);
    EXPECT_EQ(matches("(?<=a)b", word + "b"), "b");
    std::string accents;
    for (size_t i = 0; i < size; ++i) accents += "\xC3\xA9";
    EXPECT_EQ(matches(R"(\p{L}+)", "1" + accents + "1"), accents);
  }
}

// Compiled code has a small stack; groups repeated over a long text need more.
TEST(Regex, AGroupMayRepeatOverALongText) {
  const std::string subject(100000, 'a');
  EXPECT_EQ(matches("(?:a|b)+c|a{1,5}(?:aa?)*", subject).size(), subject.size());
}

}  // namespace
}  // namespace gerbil::text
