#include "text/word_pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "text/regex.h"
#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

constexpr WordPattern kAll[] = {WordPattern::kGpt2, WordPattern::kLlama3, WordPattern::kQwen2,
                                WordPattern::kQwen35, WordPattern::kO200k};

std::vector<std::string> by_hand(WordPattern pattern, std::string_view text) {
  std::vector<Word> words;
  append_words(pattern, text, {0, static_cast<uint32_t>(text.size())}, words);
  std::vector<std::string> out;
  for (const Word& word : words) out.emplace_back(text.substr(word.begin, word.end - word.begin));
  return out;
}

std::vector<std::string> by_regex(const Regex& regex, std::string_view text) {
  RegexMatcher matcher;
  std::vector<std::string> out;
  for (size_t start = 0; start < text.size();) {
    const auto match = matcher.find(regex, text, start);
    if (!match || !*match) return {"no match"};
    EXPECT_EQ((*match)->begin, start);
    EXPECT_GT((*match)->end, start);
    out.emplace_back(text.substr(start, (*match)->end - start));
    start = (*match)->end;
  }
  return out;
}

TEST(WordPattern, IsKnownByItsRegularExpression) {
  for (const WordPattern pattern : kAll) EXPECT_EQ(known_word_pattern(regex_of(pattern)), pattern);
  EXPECT_EQ(known_word_pattern("\\s+"), std::nullopt);
}

TEST(WordPattern, CutsAsItsRegularExpressionDoes) {
  const std::u32string pool =
      U"abzABZ''''stmdrvelSTMDRVEL\u017F  \t\r\n\n//.,!?-_019\u00BD\u0663\u00E9\u00C9\u01C5\u02B0"
      U"\u0301\u0903\u20DD\u65E5\uD55C\u05D0\u0085\u00A0\u2028\u3000\u180E\u200B\U0001F600"
      U"\U00010D50"
      U"\U0001E030\U00031350";
  std::mt19937 random(4);
  for (const WordPattern pattern : kAll) {
    const auto regex = Regex::compile(regex_of(pattern));
    ASSERT_TRUE(regex);
    for (int round = 0; round < 20000; ++round) {
      std::string text;
      const size_t length = random() % 14;
      for (size_t i = 0; i < length; ++i) append_utf8(text, pool[random() % pool.size()]);
      ASSERT_EQ(by_hand(pattern, text), by_regex(*regex, text)) << text;
    }
  }
}

TEST(WordPattern, KnowsEveryCharacterAsItsRegularExpressionDoes) {
  for (const WordPattern pattern : kAll) {
    const auto regex = Regex::compile(regex_of(pattern));
    ASSERT_TRUE(regex);
    for (char32_t begin = 0; begin <= 0x10FFFF; begin += 64) {
      std::string text;
      for (char32_t c = begin; c < begin + 64; ++c) {
        if (c >= 0xD800 && c < 0xE000) continue;
        text += 'a';
        append_utf8(text, c);
        text += "B1";
      }
      ASSERT_EQ(by_hand(pattern, text), by_regex(*regex, text)) << static_cast<uint32_t>(begin);
    }
  }
}

TEST(WordPattern, CutsARangeAsIfItWereAllOfTheText) {
  std::vector<Word> words;
  append_words(WordPattern::kQwen2, "ab  cd", {0, 4}, words);
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[1].begin, 2u);  // both spaces: nothing is seen behind them
  EXPECT_EQ(words[1].end, 4u);
}

}  // namespace
}  // namespace gerbil::text
