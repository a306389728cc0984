// Tokenizers and texts made to hang, to fill memory or to reach beyond tables. Those that are only
// broken stand in tokenizer_json_test.cc.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "text/detokenizer.h"
#include "text/tokenizer_test_data.h"

namespace gerbil::text {
namespace {

using Ids = std::vector<int32_t>;
using nlohmann::json;

// Characters as symbols, all of a text one word.
json piece_json(const json& vocabulary,
                const std::vector<std::array<std::string, 2>>& merges = {}) {
  return {{"version", "1.0"},
          {"decoder", {{"type", "Fuse"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
}

std::string load_error(const std::string& text) {
  const auto tokenizer = Tokenizer::from_json(text, "tokenizer.json");
  return tokenizer ? "no error" : tokenizer.error().message;
}

struct Case {
  const char* text;
  Ids ids;
};

void expect_ids(const json& file, const std::vector<Case>& cases) {
  const Tokenizer tokenizer = tokenizer_from(file.dump());
  for (const Case& test : cases) {
    EXPECT_EQ(*tokenizer.encode(test.text), test.ids) << test.text;
    EXPECT_EQ(tokenizer.decode(test.ids, false), test.text);
  }
}

// The expected ids of the merges below are those of Hugging Face's library (Rust, 0.22.2).

// A token of nothing makes merges whose result is one of their parts.
TEST(HostileTokenizer, MergesThatLeadBackToTheirPartsEnd) {
  json file = piece_json({{"a", 0}, {"b", 1}, {"", 2}, {"ab", 3}},
                         {{"", "a"}, {"a", ""}, {"", ""}, {"a", "b"}, {"", "ab"}});
  expect_ids(file, {{"aab", {0, 3}}, {"ba", {1, 0}}, {"", {}}});
  file["added_tokens"] = {{{"id", 4}, {"content", "<x>"}}};
  expect_ids(file, {{"<x>a<x>", {4, 0, 4}}});
}

const json kOverlapping = {{"a", 0},   {"b", 1},     {"c", 2},    {"aa", 3},  {"aaa", 4},
                           {"ab", 5},  {"ba", 6},    {"aba", 7},  {"bab", 8}, {"abc", 9},
                           {"bc", 10}, {"abab", 11}, {"aaaa", 12}};

TEST(HostileTokenizer, OverlappingMergesGoByRankThenFromTheLeft) {
  expect_ids(piece_json(kOverlapping, {{"a", "b"},
                                       {"b", "a"},
                                       {"ab", "a"},
                                       {"b", "ab"},
                                       {"a", "ba"},
                                       {"ba", "b"},
                                       {"a", "a"},
                                       {"aa", "a"},
                                       {"a", "aa"},
                                       {"aa", "aa"},
                                       {"ab", "ab"},
                                       {"aba", "b"},
                                       {"b", "c"},
                                       {"a", "bc"},
                                       {"ab", "c"}}),
             {{"aaaaaaa", {12, 4}},
              {"abababa", {11, 7}},
              {"aabbaab", {0, 5, 6, 5}},
              {"abcabcab", {9, 9, 5}},
              {"bbbaaabbb", {1, 1, 6, 0, 5, 1, 1}},
              {"cabcabcabab", {2, 9, 9, 11}},
              {"bcbcabcaa", {10, 10, 9, 3}}});
}

// The longer tokens come first, before what they are made of.
TEST(HostileTokenizer, MergesBeforeThoseOfTheirParts) {
  expect_ids(piece_json(kOverlapping, {{"aa", "aa"},
                                       {"ab", "ab"},
                                       {"aba", "b"},
                                       {"aa", "a"},
                                       {"a", "aa"},
                                       {"a", "bc"},
                                       {"ab", "c"},
                                       {"b", "c"},
                                       {"a", "a"},
                                       {"b", "ab"},
                                       {"ba", "b"},
                                       {"b", "a"},
                                       {"ab", "a"},
                                       {"a", "b"}}),
             {{"aaaaaaa", {4, 4, 0}},
              {"abababa", {0, 8, 0, 6}},
              {"aabbaab", {3, 1, 1, 3, 1}},
              {"abcabcab", {9, 9, 5}},
              {"bbbaaabbb", {1, 1, 1, 4, 1, 1, 1}},
              {"cabcabcabab", {2, 9, 9, 0, 8}},
              {"bcbcabcaa", {10, 10, 9, 3}}});
  expect_ids(piece_json(kOverlapping, {{"ab", "c"}, {"aba", "b"}, {"ab", "ab"}, {"a", "b"}}),
             {{"aaaaaaa", {0, 0, 0, 0, 0, 0, 0}},
              {"abababa", {11, 5, 0}},
              {"abcabcab", {9, 9, 5}},
              {"cabcabcabab", {2, 9, 9, 11}},
              {"bcbcabcaa", {1, 2, 1, 2, 9, 0, 0}}});
}

TEST(HostileTokenizer, AMergeThatStandsTwiceHasItsLastRank) {
  expect_ids(piece_json(kOverlapping, {{"a", "b"}, {"b", "c"}, {"a", "a"}, {"a", "b"}}),
             {{"aaaaaaa", {3, 3, 3, 0}},
              {"abababa", {5, 5, 5, 0}},
              {"aabbaab", {3, 1, 1, 3, 1}},
              {"abcabcab", {0, 10, 0, 10, 5}},
              {"cabcabcabab", {2, 0, 10, 0, 10, 5, 5}}});
}

TEST(HostileTokenizer, ATokenThatStandsTwiceIsRefused) {
  const std::string file = piece_json({{"a", 0}, {"b", 1}}).dump();
  for (const char* again : {R"("a":0,"a":2)", R"("a":0,"a":0)", R"("a":0,"\u0061":2)"}) {
    std::string twice = file;
    twice.replace(twice.find(R"("a":0)"), 5, again);
    EXPECT_EQ(load_error(twice), "tokenizer.json: the key \"a\" twice");
  }
}

// Ids far behind the others, as padding rows of an embedding are, and those that no token has.
TEST(HostileTokenizer, IdsWithoutATokenDecodeToNothing) {
  const Tokenizer tokenizer = tokenizer_from(piece_json({{"a", 0}, {"b", (1 << 22) - 1}}).dump());
  EXPECT_EQ(tokenizer.vocab_size(), 1 << 22);
  EXPECT_EQ(*tokenizer.encode("ab"), (Ids{0, (1 << 22) - 1}));
  const Ids strange = {0, 1, -1, INT32_MIN, 1 << 22, INT32_MAX, (1 << 22) - 1};
  EXPECT_EQ(tokenizer.decode(strange, true), "ab");
  Detokenizer detokenizer(tokenizer, true);
  std::string streamed;
  for (const int32_t id : strange) streamed += detokenizer.push(id);
  EXPECT_EQ(streamed + detokenizer.flush(), "ab");
}

constexpr const char* kOutgrown =
    "the text becomes more than 64 times as long, or longer than 1073741824 bytes";

json steps(const char* type, const char* key, const json& step, int count) {
  return {{"type", type}, {key, json(static_cast<size_t>(count), step)}};
}

json replace(const std::string& what, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", {{"String", what}}}, {"content", content}};
}

// Each step makes the text ten times as long: without a bound the first would fill a disk.
TEST(HostileTokenizer, ANormalizerThatGrowsTheTextWithoutEndIsRefused) {
  json file = piece_json({{"a", 0}});
  for (const json& normalizer :
       {steps("Sequence", "normalizers", replace("a", "aaaaaaaaaa"), 30),
        steps("Sequence", "normalizers",
              {{"type", "Replace"}, {"pattern", {{"Regex", "a"}}}, {"content", "aaaaaaaaaa"}}, 30),
        replace("a", std::string(100'000, 'a'))}) {
    file["normalizer"] = normalizer;
    const auto ids = tokenizer_from(file.dump()).encode(std::string(1000, 'a'));
    ASSERT_FALSE(ids);
    EXPECT_EQ(ids.error().message, std::string("the text cannot be normalized: ") + kOutgrown);
  }
}

// A text of n added tokens has n stretches; each would get the long beginning.
TEST(HostileTokenizer, GrowthIsCountedOverAllStretches) {
  json file = piece_json({{"a", 0}, {"b", 1}});
  file["normalizer"] = {{"type", "Prepend"}, {"prepend", std::string(10'000, 'b')}};
  file["added_tokens"] = {{{"id", 2}, {"content", "x"}, {"normalized", false}}};
  const Tokenizer tokenizer = tokenizer_from(file.dump());
  EXPECT_EQ(tokenizer.encode("ax")->size(), 10'002u);
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ax";
  const auto ids = tokenizer.encode(text);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().message, std::string("the text cannot be normalized: ") + kOutgrown);
}

TEST(HostileTokenizer, APreTokenizerThatGrowsTheTextWithoutEndIsRefused) {
  json file = piece_json({{"a", 0}});
  file["pre_tokenizer"] =
      steps("Sequence", "pretokenizers",
            {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"use_regex", false}}, 60);
  const auto ids = tokenizer_from(file.dump()).encode(std::string(1000, ' '));
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().message, std::string("the text cannot be cut into words: ") + kOutgrown);
}

TEST(HostileTokenizer, ADecoderThatGrowsItsTokensWithoutEndIsRefused) {
  json file = piece_json({{"a", 0}});
  file["decoder"] = steps("Sequence", "decoders", replace("a", "aaaaaaaaaa"), 30);
  EXPECT_EQ(load_error(file.dump()),
            "tokenizer.json: \"decoder\": the tokens become more than 64 times as long");
}

}  // namespace
}  // namespace gerbil::text
