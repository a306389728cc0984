#include "base/json.h"

#include <gtest/gtest.h>

namespace gerbil::json {
namespace {

Value parsed(std::string_view text) {
  auto value = parse(text, "test.json");
  EXPECT_TRUE(value) << value.error().message;
  return value ? *std::move(value) : Value();
}

std::string error_of(std::string_view text, const Limits& limits = {}) {
  auto value = parse(text, "test.json", limits);
  return value ? "no error" : value.error().message;
}

TEST(Json, ReadsEveryKindOfValue) {
  const Value root =
      parsed(R"( {"n":null,"b":true,"i":-7,"d":2.5e3,"s":"a\u00e9\n","a":[1,[],{}],"o":{"x":1}} )");
  const Object& object = *root.object();
  EXPECT_EQ(object.size(), 7u);
  EXPECT_TRUE(object.find("n")->is_null());
  EXPECT_EQ(*object.find("b")->boolean(), true);
  EXPECT_EQ(*object.find("i")->integer(), -7);
  EXPECT_EQ(object.find("i")->number(), -7.0);
  EXPECT_EQ(object.find("d")->integer(), nullptr);
  EXPECT_EQ(object.find("d")->number(), 2500.0);
  EXPECT_EQ(*object.find("s")->string(), "a\xc3\xa9\n");
  EXPECT_EQ(object.find("a")->array()->size(), 3u);
  EXPECT_EQ(*object.find("o")->object()->find("x")->integer(), 1);
  EXPECT_EQ(object.find("missing"), nullptr);
  EXPECT_TRUE(parsed("[]").array()->empty()) << "a root need not be an object";
}

TEST(Json, KeepsTheOrderOfMembersAndFindsEachInABigObject) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i)
    text += fmt::format("{}\"k{}\":{}", i ? "," : "", 7919 * i % 5000, i);
  const Value root = parsed(text + "}");
  const Object& object = *root.object();
  ASSERT_EQ(object.size(), 5000u);
  EXPECT_EQ(object.members()[1].key, "k2919");
  for (int i = 0; i < 5000; ++i) {
    const Value* value = object.find(fmt::format("k{}", 7919 * i % 5000));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value->integer(), i);
  }
  EXPECT_EQ(object.find("k5000"), nullptr);
}

TEST(Json, AValueOutlivesItsTextAndCopies) {
  Value copy;
  {
    std::string text = R"({"key":"a string too long for the small buffer"})";
    const Value root = parsed(text);
    copy = root;
  }
  EXPECT_EQ(*copy.object()->find("key")->string(), "a string too long for the small buffer");
}

TEST(Json, RefusesADuplicateKeyInSmallAndBigObjects) {
  EXPECT_EQ(error_of(R"({"a":{"x":1,"y":2,"x":3}})"), "test.json: the key \"x\" twice");
  EXPECT_EQ(error_of(R"({"a":1,"\u0061":2})"), "test.json: the key \"a\" twice");
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += fmt::format("\"k{}\":0,", i);
  EXPECT_EQ(error_of(text + "\"k41\":1}"), "test.json: the key \"k41\" twice");
}

TEST(Json, RefusesDeepNestingWithoutRecursingIntoIt) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(64), "test.json"));
  EXPECT_EQ(error_of(nested(65)), "test.json: JSON nested more than 64 deep");
  EXPECT_EQ(error_of(nested(1000000)), "test.json: JSON nested more than 64 deep");
  EXPECT_EQ(
      error_of(std::string(1000000, '[')),
      "test.json: not valid JSON: expected a value where the text ends, line 1, column 1000001 "
      "(byte 1000000)");
  EXPECT_EQ(error_of("[[[1]]]", {.max_depth = 2}), "test.json: JSON nested more than 2 deep");
}

TEST(Json, RefusesTooManyValuesAndBytes) {
  EXPECT_EQ(error_of("[1,2,3]", {.max_values = 3}), "test.json: more than 3 JSON values");
  EXPECT_EQ(error_of("[1,2,3]", {.max_bytes = 6}),
            "test.json: 7 bytes of JSON, more than the limit of 6");
}

TEST(Json, SyntaxErrorsNameTheirPlace) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "expected a value where the text ends, line 1, column 1 (byte 0)"},
      {"  ", "expected a value where the text ends, line 1, column 3 (byte 2)"},
      {"{\n  \"a\": 1,\n}", "expected a key in quotes at line 3, column 1 (byte 12)"},
      {"{\"a\" 1}", "expected \":\" at line 1, column 6 (byte 5)"},
      {"{\"a\":1 \"b\":2}", "expected \",\" or \"}\" at line 1, column 8 (byte 7)"},
      {"[1,]", "expected a value at line 1, column 4 (byte 3)"},
      {"[1", "expected \",\" or \"]\" where the text ends, line 1, column 3 (byte 2)"},
      {"[1}", "expected \",\" or \"]\" at line 1, column 3 (byte 2)"},
      {"{\"a\":NaN}", "expected a value at line 1, column 6 (byte 5)"},
      {"[1] x", "expected the end of the text at line 1, column 5 (byte 4)"},
      {"[\"abc",
       "expected the closing quote of a string where the text ends, line 1, column 6 "
       "(byte 5)"},
      {"[\"\\x\"]", "expected an escape that JSON has at line 1, column 4 (byte 3)"},
      {"[\"a\nb\"]", "expected an escaped control character at line 1, column 4 (byte 3)"},
      {"[\"\\u12g4\"]", "expected four hexadecimal digits at line 1, column 7 (byte 6)"},
      {"[1.]", "expected a number at line 1, column 4 (byte 3)"},
      {"[\"\xff\"]", "not valid UTF-8, line 1, column 3 (byte 2)"},
  };
  for (const auto& [text, message] : kCases)
    EXPECT_EQ(error_of(text), fmt::format("test.json: not valid JSON: {}", message)) << text;
}

TEST(Json, EveryCutOfAGoodTextIsAnErrorOfOneLine) {
  const std::string text = R"({"a": [1, -2.5e-3, "x\u00e9\"", true, null], "b": {"c": {}}})";
  ASSERT_TRUE(parse(text, "test.json"));
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string message = error_of(text.substr(0, size));
    EXPECT_TRUE(message.starts_with("test.json: not valid JSON: expected ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(Json, IntegersBeyond64BitsBecomeDoubles) {
  const Value root = parsed(
      R"({"s": "123456789012345678901234567890\"", "m": 1000000000000000019884624838656,
          "u": 18446744073709551615, "i": 9223372036854775807, "n": -1e-3, "x": [-99999999999999999999]})");
  EXPECT_EQ(*root.object()->find("s")->string(), "123456789012345678901234567890\"");
  EXPECT_EQ(root.object()->find("m")->number(), 1e30);
  EXPECT_EQ(root.object()->find("m")->integer(), nullptr);
  EXPECT_EQ(root.object()->find("u")->number(), 0x1p64);
  EXPECT_EQ(root.object()->find("n")->number(), -1e-3);
  EXPECT_EQ((*root.object()->find("x")->array())[0].number(), -1e20);
  EXPECT_EQ(*parsed("9223372036854775807").integer(), std::numeric_limits<int64_t>::max());
}

class JsonFields : public testing::Test {
 protected:
  Value root_ = parsed(R"({"layers": 12, "name": "abc", "eps": 1e-6, "tie": false, "none": null,
      "theta": 10000, "ids": [1, 2], "bad_ids": [1, "x"], "types": ["full", "sliding"],
      "text_config": {"hidden_size": "abc", "rope": {"theta": -1}}})");
  Fields fields_ = *Fields::of(root_, "config.json");
};

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

TEST_F(JsonFields, ReadTypedValues) {
  EXPECT_EQ(*fields_.integer("layers", {1, 4096}), 12);
  EXPECT_EQ(*fields_.string("name"), "abc");
  EXPECT_EQ(*fields_.number("eps"), 1e-6);
  EXPECT_EQ(*fields_.number("theta"), 10000.0);
  EXPECT_EQ(*fields_.boolean("tie"), false);
  EXPECT_EQ(*fields_.integers("ids"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(*fields_.strings("types"), (std::vector<std::string>{"full", "sliding"}));
  EXPECT_EQ(fields_.numbers("ids")->size(), 2u);
}

TEST_F(JsonFields, ReadArraysOfObjectsWhosePathsNameTheirIndex) {
  const Value root = parsed(R"({"steps": [{"type": "NFC"}, {"type": 3}], "bad": [{}, 7]})");
  const Fields fields = *Fields::of(root, "tokenizer.json");
  const auto steps = *fields.objects("steps");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(*steps[0].string("type"), "NFC");
  EXPECT_EQ(message_of(steps[1].string("type")),
            "tokenizer.json: \"steps[1].type\": expected a string, found 3");
  EXPECT_EQ(message_of(fields.objects("bad")),
            "tokenizer.json: \"bad[1]\": expected an object, found 7");
  EXPECT_EQ(message_of(fields.objects("none")),
            "tokenizer.json: \"none\": expected an array of at most 65536 objects, "
            "but it is missing");
}

TEST_F(JsonFields, AbsentAndNullAreTheSameForOptionalOnes) {
  EXPECT_EQ(*fields_.optional_integer("none"), std::nullopt);
  EXPECT_EQ(*fields_.optional_integer("missing"), std::nullopt);
  EXPECT_EQ(*fields_.optional_integer("layers"), 12);
  EXPECT_EQ(*fields_.integer_or("missing", 5), 5);
  EXPECT_EQ(*fields_.number_or("eps", 1.0), 1e-6);
  EXPECT_EQ(*fields_.boolean_or("none", true), true);
  EXPECT_EQ(*fields_.string_or("missing", "x"), "x");
  EXPECT_FALSE(fields_.optional_object("missing")->has_value());
  EXPECT_FALSE(fields_.optional_integer("name"));
}

TEST_F(JsonFields, ErrorsNameFilePathExpectedAndFound) {
  EXPECT_EQ(message_of(fields_.integer("layers", {1, 8})),
            "config.json: \"layers\": expected an integer from 1 to 8, found 12");
  EXPECT_EQ(message_of(fields_.integer("missing", {.min = 1})),
            "config.json: \"missing\": expected an integer of at least 1, but it is missing");
  EXPECT_EQ(message_of(fields_.integer("eps")),
            "config.json: \"eps\": expected an integer, found 1e-06");
  EXPECT_EQ(message_of(fields_.boolean("none")),
            "config.json: \"none\": expected true or false, found null");
  EXPECT_EQ(message_of(fields_.integers("bad_ids")),
            "config.json: \"bad_ids[1]\": expected an integer, found \"x\"");
  EXPECT_EQ(message_of(fields_.integers("ids", {}, 1)),
            "config.json: \"ids\": expected an array of at most 1 integers, found an array of 2");
  const Fields text = *fields_.object("text_config");
  EXPECT_EQ(message_of(text.integer("hidden_size", {1, 1 << 20})),
            "config.json: \"text_config.hidden_size\": expected an integer from 1 to 1048576, "
            "found \"abc\"");
  EXPECT_EQ(message_of(text.object("rope")->number("theta", {0, 1e9})),
            "config.json: \"text_config.rope.theta\": expected a number from 0 to 1000000000, "
            "found -1");
  EXPECT_EQ(message_of(Fields::of(parsed("[1,2]"), "config.json")),
            "config.json: expected a JSON object, found an array of 2");
}

}  // namespace
}  // namespace gerbil::json
