#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/detokenizer.h"
#include "text/tokenizer_test_data.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

using Ids = std::vector<int32_t>;
using nlohmann::json;

TEST(Tokenizer, GivesTheReferenceIdsOfEveryNanoCase) {
  const Tokenizer qwen3 =
      tokenizer_from(read_source_file("tests/data/models/qwen3-nano/tokenizer.json"));
  size_t cases = 0;
  for (const bool vl : {false, true}) {
    const Tokenizer& tokenizer = vl ? nano_tokenizer() : qwen3;
    for (const json& line :
         read_json_lines(vl ? "tests/data/nano/vl.jsonl" : "tests/data/nano/qwen3.jsonl")) {
      const auto prompt = line["prompt"].get<std::string>();
      const auto ids = *tokenizer.encode(prompt);
      EXPECT_EQ(ids, line["input_ids"].get<Ids>()) << prompt;
      EXPECT_EQ(tokenizer.decode(ids, false), prompt);
      EXPECT_EQ(tokenizer.decode(line["answer_ids"].get<Ids>(), true),
                line["answer_text"].get<std::string>());
      ++cases;
    }
  }
  EXPECT_EQ(cases, 83u);
}

void expect_case(const Tokenizer& tokenizer, const json& line) {
  const auto text = line[0].get<std::string>();
  const auto ids = *tokenizer.encode(text);
  EXPECT_EQ(ids, line[1].get<Ids>()) << line[0];
  EXPECT_EQ(tokenizer.decode(ids, false), line[2].get<std::string>());
  EXPECT_EQ(tokenizer.decode(ids, true), line[line.size() > 3 ? 3 : 2].get<std::string>());
}

// Scripts, combining marks, emoji, spaces, line ends, digits, long runs, added tokens: ids and
// texts of Hugging Face's library.
TEST(Tokenizer, GivesTheReferenceIdsOfMixedTexts) {
  for (const json& line : read_json_lines("tests/data/text/mixed.jsonl"))
    expect_case(nano_tokenizer(), line);
}

// Every option of every stage on a small vocabulary, byte-level (variants) and of pieces as
// SentencePiece has them: ids and texts of Hugging Face's library.
TEST(Tokenizer, GivesTheReferenceIdsOfEveryVariant) {
  size_t variants = 0;
  for (const char* file : {"tests/data/text/variants.jsonl", "tests/data/text/pieces.jsonl"}) {
    const auto lines = read_json_lines(file);
    for (size_t i = 1; i < lines.size(); ++i) {
      SCOPED_TRACE(lines[i]["name"].get<std::string>());
      json variant = lines[0];
      variant.merge_patch(lines[i]["patch"]);
      const auto tokenizer = Tokenizer::from_json(variant.dump(), "tokenizer.json");
      ASSERT_TRUE(tokenizer) << tokenizer.error().message;
      for (const json& line : lines[i]["cases"]) expect_case(*tokenizer, line);
      // Any ids: what they decode to, with and without special tokens, at once and as a stream.
      for (const json& line : lines[i].value("decodes", json::array())) {
        const Ids ids = line[0].get<Ids>();
        for (const bool skip_special : {false, true}) {
          const auto want = line[skip_special ? 2 : 1].get<std::string>();
          EXPECT_EQ(tokenizer->decode(ids, skip_special), want) << line[0];
          Detokenizer detokenizer(*tokenizer, skip_special);
          std::string streamed;
          for (const int32_t id : ids) {
            streamed += detokenizer.push(id);
            EXPECT_EQ(utf8_valid_prefix(streamed), streamed.size());
          }
          streamed += detokenizer.flush();
          if (want.find(kReplacement) == std::string::npos) {
            EXPECT_EQ(streamed, want) << line[0];
          }
        }
      }
      ++variants;
    }
  }
  EXPECT_GT(variants, 110u);
}

// Prompts of a chat model, their ids and its answers, as transformers gives them.
TEST(Tokenizer, GivesTheReferenceIdsOfEveryGemmaPrompt) {
  const Tokenizer tokenizer =
      tokenizer_from(read_source_file("tests/data/text/gemma4_nano_tokenizer.json"));
  size_t cases = 0;
  for (const json& line : read_json_lines("tests/data/text/gemma4_nano.jsonl")) {
    const auto prompt = line["prompt"].get<std::string>();
    const auto ids = *tokenizer.encode(prompt, {.add_special_tokens = false});
    EXPECT_EQ(ids, line["input_ids"].get<Ids>()) << prompt;
    EXPECT_EQ(tokenizer.decode(ids, false), prompt);
    auto answer = line["greedy_ids"].get<Ids>();
    answer.pop_back();  // the stop token; the text keeps the other special ones
    EXPECT_EQ(tokenizer.decode(answer, false), line["greedy_text"].get<std::string>());
    ++cases;
  }
  EXPECT_EQ(cases, 20u);
}

// Linear: minutes if each token looked through the white space around it anew.
TEST(Tokenizer, TokensThatTakeWhiteSpaceCostALongRunOfItOnce) {
  json file = byte_level_json();
  file["added_tokens"] = {
      {{"id", 256}, {"content", " "}, {"lstrip", true}, {"rstrip", true}, {"normalized", false}},
      {{"id", 257}, {"content", "\t"}, {"lstrip", true}, {"single_word", true}}};
  const Tokenizer tokenizer = tokenizer_from(file.dump());
  std::string text = "a";
  text.append(1000000, ' ');
  text.append(1000000, '\t');
  EXPECT_EQ(*tokenizer.encode(text + "b"), (Ids{'a', 256, 'b'}));
}

TEST(Tokenizer, ComposesBeforeItEncodes) {
  const Tokenizer& tokenizer = nano_tokenizer();
  EXPECT_EQ(*tokenizer.encode("e\xCC\x81"), *tokenizer.encode("\xC3\xA9"));
  EXPECT_EQ(tokenizer.decode(*tokenizer.encode("e\xCC\x81"), true), "\xC3\xA9");
}

TEST(Tokenizer, EmptyTextHasNoIds) {
  EXPECT_EQ(*nano_tokenizer().encode(""), Ids{});
  EXPECT_EQ(nano_tokenizer().decode(Ids{}, true), "");
}

TEST(Tokenizer, EverySingleInvalidByteIsReadAsAReplacement) {
  const Tokenizer& tokenizer = nano_tokenizer();
  const auto replacement = *tokenizer.encode(kReplacement);
  for (int byte = 0x80; byte < 256; ++byte)
    EXPECT_EQ(*tokenizer.encode(std::string(1, static_cast<char>(byte))), replacement) << byte;
  EXPECT_EQ(*tokenizer.encode("a\xE2\x82"), *tokenizer.encode("a" + std::string(kReplacement)));
}

TEST(Tokenizer, EverySingleByteTokenDecodesToItsByteOrAReplacement) {
  const Tokenizer tokenizer = tokenizer_from(byte_level_json().dump());
  for (int32_t byte = 0; byte < 256; ++byte) {
    const std::string raw(1, static_cast<char>(byte));
    EXPECT_EQ(tokenizer.token_bytes(byte), raw);
    EXPECT_EQ(tokenizer.decode(Ids{byte}, true), byte < 0x80 ? raw : std::string(kReplacement));
  }
}

TEST(Tokenizer, ALongTextWithoutASpaceComesBack) {
  std::string text;
  while (text.size() < 100000) text += "abcde\xC3\xA9";
  EXPECT_EQ(nano_tokenizer().decode(*nano_tokenizer().encode(text), true), text);
}

TEST(Tokenizer, StopsSoonAfterAsManyIdsAsAreWanted) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "feather ";
  const Ids all = *nano_tokenizer().encode(text);
  const Ids some = *nano_tokenizer().encode(text, {.max_ids = 100});
  ASSERT_GT(some.size(), 100u);
  EXPECT_LT(some.size(), 120u);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  EXPECT_EQ(*nano_tokenizer().encode(text, {.max_ids = all.size()}), all);
}

TEST(Tokenizer, KnowsItsTokens) {
  const Tokenizer& tokenizer = nano_tokenizer();
  EXPECT_EQ(tokenizer.vocab_size(), 1919);
  EXPECT_EQ(tokenizer.token_to_id("<|im_end|>"), 1895);
  EXPECT_EQ(tokenizer.token_to_id("<think>"), 1917);
  EXPECT_EQ(tokenizer.token_to_id("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer.token_bytes(1895), "<|im_end|>");
  EXPECT_EQ(tokenizer.token_bytes(*tokenizer.token_to_id("\xC4\xA0"
                                                         "a")),
            " a");
  EXPECT_EQ(tokenizer.token_bytes(2047), "");
  EXPECT_EQ(tokenizer.token_bytes(-1), "");
  EXPECT_TRUE(tokenizer.is_special(1895));
  EXPECT_FALSE(tokenizer.is_special(1917));  // added, but shown
  EXPECT_FALSE(tokenizer.is_special(0));
  EXPECT_FALSE(tokenizer.is_special(-1));
  EXPECT_FALSE(tokenizer.is_special(1 << 30));
}

TEST(Tokenizer, SpecialTokensInTextAreTextWhenNotParsed) {
  const Tokenizer& tokenizer = nano_tokenizer();
  const std::string text = "<|im_start|>user <think>";
  const auto ids = *tokenizer.encode(text, {.parse_special = false});
  for (const int32_t id : ids) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_EQ(ids.back(), 1917);  // not special: always its id
  EXPECT_EQ(tokenizer.decode(ids, true), text);
  EXPECT_EQ(tokenizer.encode(text)->front(), 1894);
}

TEST(Tokenizer, SpecialTokensAreAddedAroundTheTextOnlyWhenAsked) {
  json variant = byte_level_json();
  variant["added_tokens"] = {{{"id", 256}, {"content", "<bos>"}, {"special", true}}};
  variant["post_processor"] = json::parse(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "pair": [], "special_tokens": {"<bos>": {"id": "<bos>", "ids": [256], "tokens": ["<bos>"]}}})");
  const Tokenizer tokenizer = tokenizer_from(variant.dump());
  EXPECT_EQ(*tokenizer.encode("a"), (Ids{256, 'a'}));
  EXPECT_EQ(*tokenizer.encode("a", {.add_special_tokens = false}), (Ids{'a'}));
  EXPECT_EQ(*tokenizer.encode(""), (Ids{256}));
  EXPECT_EQ(tokenizer.decode(Ids{256, 'a'}, true), "a");
  EXPECT_EQ(tokenizer.decode(Ids{256, 'a'}, false), "<bos>a");
}

}  // namespace
}  // namespace gerbil::text
