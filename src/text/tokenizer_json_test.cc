// Broken and unknown tokenizer.json files: each gives one line that names the place.
#include "text/tokenizer_json.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "text/tokenizer_test_data.h"

namespace gerbil::text {
namespace {

using nlohmann::json;

std::string message_of(const std::string& text) {
  const auto tokenizer = Tokenizer::from_json(text, "tokenizer.json");
  if (tokenizer) return "no error";
  EXPECT_EQ(tokenizer.error().message.find('\n'), std::string::npos);
  return tokenizer.error().message;
}

// The message for a good file after `change`.
std::string message_after(const std::function<void(json&)>& change) {
  json file = byte_level_json({{"h", "e"}, {"l", "l"}});
  file["added_tokens"] = {{{"id", 258}, {"content", "<eos>"}, {"special", true}}};
  EXPECT_EQ(message_of(file.dump()), "no error");
  change(file);
  return message_of(file.dump());
}

std::string message_after_patch(const char* patch) {
  return message_after([&](json& file) { file.merge_patch(json::parse(patch)); });
}

TEST(TokenizerJson, RefusesWhatIsNotJson) {
  EXPECT_EQ(message_of("[]"), "tokenizer.json: expected a JSON object, found an array of 0");
  EXPECT_EQ(message_of("{\"model\""),
            "tokenizer.json: not valid JSON: expected \":\" where the text ends, line 1, column 9 "
            "(byte 8)");
  EXPECT_EQ(message_of("{\"a\": " + std::string(1000, '[') + std::string(1000, ']') + "}"),
            "tokenizer.json: JSON nested more than 64 deep");
  EXPECT_EQ(message_of(R"({"model": {}, "model": {}})"), "tokenizer.json: the key \"model\" twice");
  EXPECT_EQ(message_of(R"({"model": {"vocab": {"a": 0, "b": 1, "a": 2}}})"),
            "tokenizer.json: the key \"a\" twice");
}

TEST(TokenizerJson, RefusesAMissingOrUnknownModel) {
  EXPECT_EQ(message_after([](json& file) { file.erase("model"); }),
            "tokenizer.json: \"model\": expected an object, but it is missing");
  EXPECT_EQ(message_after_patch(R"({"model": {"type": "Unigram"}})"),
            "tokenizer.json: \"model.type\": expected \"BPE\", found \"Unigram\"");
  EXPECT_EQ(message_after_patch(R"({"model": {"byte_fallback": 1}})"),
            "tokenizer.json: \"model.byte_fallback\": expected true or false, found 1");
  EXPECT_EQ(message_after_patch(R"({"model": {"dropout": 0.1}})"),
            "tokenizer.json: \"model.dropout\": expected null, found 0.1");
  EXPECT_EQ(message_after_patch(R"({"model": {"end_of_word_suffix": "</w>"}})"),
            "tokenizer.json: \"model.end_of_word_suffix\": expected null, found \"</w>\"");
  EXPECT_EQ(message_after_patch(R"({"model": {"unk_token": "<unk>"}})"),
            "tokenizer.json: \"model.unk_token\": expected a token of the vocabulary, found "
            "\"<unk>\"");
  EXPECT_EQ(message_after_patch(R"({"model": {"surprise": 1}})"),
            "tokenizer.json: \"model.surprise\": expected no field of this name, found 1");
  EXPECT_EQ(message_after_patch(R"({"surprise": []})"),
            "tokenizer.json: \"surprise\": expected no field of this name, found an array of 0");
  EXPECT_EQ(message_after_patch(R"({"version": "2.0"})"),
            "tokenizer.json: \"version\": expected \"1.0\", found \"2.0\"");
}

TEST(TokenizerJson, RefusesABrokenVocabulary) {
  EXPECT_EQ(message_after([](json& file) { file["model"].erase("vocab"); }),
            "tokenizer.json: \"model.vocab\": expected an object, but it is missing");
  EXPECT_EQ(message_after([](json& file) { file["model"]["vocab"] = json::object(); }),
            "tokenizer.json: \"model.vocab\": expected at least one token, found an object");
  EXPECT_EQ(
      message_after_patch(R"({"model": {"vocab": {"zz": -1}}})"),
      "tokenizer.json: \"model.vocab\": the id -1 of the token \"zz\" is not from 0 to 4194303");
  EXPECT_EQ(message_after_patch(R"({"model": {"vocab": {"zz": 4194304}}})"),
            "tokenizer.json: \"model.vocab\": the id 4194304 of the token \"zz\" is not from 0 to "
            "4194303");
  EXPECT_EQ(message_after_patch(R"({"model": {"vocab": {"zz": 97}}})"),
            "tokenizer.json: \"model.vocab\": the id 97 belongs to two tokens, \"a\" and \"zz\"");
  EXPECT_EQ(message_after_patch(R"({"model": {"vocab": {"zz": "7"}}})"),
            "tokenizer.json: \"model.vocab.zz\": expected a token's id, an integer, found \"7\"");
  EXPECT_EQ(message_after_patch(R"({"model": {"vocab": {"zz": 1.5}}})"),
            "tokenizer.json: \"model.vocab.zz\": expected a token's id, an integer, found 1.5");
}

TEST(TokenizerJson, RefusesBrokenMerges) {
  const auto with_merge = [](const json& merge) {
    return message_after([&](json& file) { file["model"]["merges"].push_back(merge); });
  };
  EXPECT_EQ(message_after([](json& file) { file["model"].erase("merges"); }),
            "tokenizer.json: \"model.merges\": expected an array, but it is missing");
  EXPECT_EQ(with_merge("zz a"),
            "tokenizer.json: \"model.merges[2]\": the token \"zz\" is not in the vocabulary");
  EXPECT_EQ(with_merge({"a", "zz"}),
            "tokenizer.json: \"model.merges[2]\": the token \"zz\" is not in the vocabulary");
  EXPECT_EQ(with_merge({"a", "b"}),
            "tokenizer.json: \"model.merges[2]\": the token \"ab\" is not in the vocabulary");
  for (const json& merge :
       {json("ab"), json("a b c"), json({"a"}), json({"a", "b", "c"}), json({"a", 3}), json(3)})
    EXPECT_TRUE(with_merge(merge).starts_with(
        "tokenizer.json: \"model.merges[2]\": expected \"a b\" or [\"a\", \"b\"], found "))
        << with_merge(merge);
}

TEST(TokenizerJson, RefusesUnknownSteps) {
  const std::string normalizers =
      "expected NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, ByteLevel "
      "or Sequence, ";
  EXPECT_EQ(message_after_patch(R"({"normalizer": {"type": "Nmt"}})"),
            "tokenizer.json: \"normalizer.type\": " + normalizers + "found \"Nmt\"");
  EXPECT_EQ(
      message_after_patch(
          R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {}]}})"),
      "tokenizer.json: \"normalizer.normalizers[1].type\": " + normalizers + "but it is missing");
  EXPECT_EQ(message_after_patch(R"({"pre_tokenizer": {"type": "UnicodeScripts"}})"),
            "tokenizer.json: \"pre_tokenizer.type\": expected Split, ByteLevel, Metaspace, Digits, "
            "Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit, BertPreTokenizer or "
            "Sequence, found \"UnicodeScripts\"");
  EXPECT_EQ(message_after_patch(R"({"pre_tokenizer": {"trim": true}})"),
            "tokenizer.json: \"pre_tokenizer.trim\": expected no field of this name, found true");
  EXPECT_EQ(message_after_patch(R"({"decoder": {"type": "WordPiece"}})"),
            "tokenizer.json: \"decoder.type\": expected ByteLevel, ByteFallback, Fuse, Strip, "
            "Replace, Metaspace or Sequence, found \"WordPiece\"");
  EXPECT_EQ(message_after_patch(R"({"post_processor": {"type": "Odd"}})"),
            "tokenizer.json: \"post_processor.type\": expected ByteLevel, TemplateProcessing, "
            "BertProcessing, RobertaProcessing or Sequence, found \"Odd\"");
}

TEST(TokenizerJson, RefusesABrokenSplit) {
  const auto with_split = [](const char* text) {
    return message_after([&](json& file) {
      const json byte_level = file["pre_tokenizer"];
      file["pre_tokenizer"] = {{"type", "Sequence"},
                               {"pretokenizers", {json::parse(text), byte_level}}};
    });
  };
  const std::string path = "tokenizer.json: \"pre_tokenizer.pretokenizers[0].";
  EXPECT_EQ(with_split(R"({"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"})"),
            path +
                "pattern.Regex\": the regular expression \"(a\" is not valid: missing closing "
                "parenthesis");
  EXPECT_EQ(with_split(R"({"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated"})"),
            path + "pattern.String\": expected a text that is not empty, found \"\"");
  EXPECT_EQ(with_split(R"({"type": "Split", "pattern": {}, "behavior": "Isolated"})"),
            path +
                "pattern\": expected an object with either \"Regex\" or \"String\", found an "
                "object");
  EXPECT_EQ(with_split(R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "Odd"})"),
            path +
                "behavior\": expected Removed, Isolated, MergedWithPrevious, MergedWithNext or "
                "Contiguous, found \"Odd\"");
}

TEST(TokenizerJson, RefusesBrokenAddedTokens) {
  const auto with_token = [](const json& token) {
    return message_after([&](json& file) { file["added_tokens"].push_back(token); });
  };
  EXPECT_EQ(with_token({{"content", "<x>"}}),
            "tokenizer.json: \"added_tokens[1].id\": expected an integer from 0 to 4194303, but it "
            "is missing");
  EXPECT_EQ(with_token({{"id", 1e18}, {"content", "<x>"}}),
            "tokenizer.json: \"added_tokens[1].id\": expected an integer from 0 to 4194303, found "
            "1e+18");
  EXPECT_EQ(with_token({{"id", 258}, {"content", "<x>"}}),
            "tokenizer.json: \"added_tokens[1]\": the id 258 belongs to two tokens, \"<eos>\" and "
            "\"<x>\"");
  EXPECT_EQ(with_token({{"id", 259}, {"content", "<eos>"}}),
            "tokenizer.json: \"added_tokens[1]\": the token \"<eos>\" has two ids, 258 and 259");
  EXPECT_EQ(with_token({{"id", 259}, {"content", "he"}}),
            "tokenizer.json: \"added_tokens[1]\": the token \"he\" has two ids, 256 and 259");
  EXPECT_EQ(with_token({{"id", 259}, {"content", ""}}),
            "tokenizer.json: \"added_tokens[1].content\": expected a text that is not empty, found "
            "\"\"");
  EXPECT_EQ(with_token({{"id", 259}, {"content", "<x>"}, {"lstrip", 1}}),
            "tokenizer.json: \"added_tokens[1].lstrip\": expected true or false, found 1");
  EXPECT_EQ(message_after_patch(R"({"added_tokens": 3})"),
            "tokenizer.json: \"added_tokens\": expected an array of at most 4194304 objects, found "
            "3");
}

TEST(TokenizerJson, RefusesABrokenTemplate) {
  const auto with_template = [](const char* single, const char* tokens) {
    return message_after([&](json& file) {
      file["post_processor"] = {{"type", "TemplateProcessing"},
                                {"single", json::parse(single)},
                                {"special_tokens", json::parse(tokens)}};
    });
  };
  EXPECT_EQ(with_template(R"([{"SpecialToken": {"id": "<b>"}}])", "{}"),
            "tokenizer.json: \"post_processor.special_tokens.<b>\": expected an object, but it is "
            "missing");
  EXPECT_EQ(with_template(R"([{"SpecialToken": {"id": "<b>"}}])", R"({"<b>": {"ids": [999]}})"),
            "tokenizer.json: \"post_processor.special_tokens.<b>.ids\": expected ids of tokens in "
            "the vocabulary, found an array of 1");
  EXPECT_EQ(
      with_template("[]", "{}"),
      "tokenizer.json: \"post_processor.single\": expected one Sequence, found an array of 0");
}

TEST(TokenizerJson, EveryCutOfAGoodFileIsAnErrorOfOneLine) {
  const std::string text = byte_level_json({{"h", "e"}}).dump();
  for (size_t size = 0; size < text.size(); size += 7)
    EXPECT_TRUE(message_of(text.substr(0, size)).starts_with("tokenizer.json: ")) << size;
}

}  // namespace
}  // namespace gerbil::text
