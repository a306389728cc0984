#include "text/response_parser.h"

#include <gtest/gtest.h>

#include <tuple>

namespace gerbil::text {
namespace {

constexpr std::string_view kTools =
    R"([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {
      "s": {"type": "string"}, "n": {"type": "integer"}, "x": {"type": "number"}, "b": {"type": "boolean"},
      "o": {"type": "object"}, "a": {"type": "array"}, "z": {"type": "null"},
      "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "either": {"type": ["integer", "string"]},
      "mode": {"enum": ["on", "off", 5]}, "one": {"const": true}, "ref": {"$ref": "#/$defs/r"}}}}}])";

// The events as text: R(...) reasoning, T(...) text, C(name arguments) tool call.
std::string events_of(const ResponseFormat& format, const std::vector<std::string_view>& pieces) {
  ResponseParser parser(format);
  std::vector<ResponseEvent> events;
  for (std::string_view piece : pieces) {
    // As a caller that streams: each piece's events on their own.
    std::vector<ResponseEvent> news;
    parser.push(piece, news);
    for (ResponseEvent& event : news) {
      if (event.kind != ResponseEvent::Kind::kToolCall && !events.empty() &&
          events.back().kind == event.kind) {
        events.back().text += event.text;
      } else {
        events.push_back(std::move(event));
      }
    }
  }
  parser.finish(events);
  std::string out;
  for (const ResponseEvent& event : events) {
    if (event.kind == ResponseEvent::Kind::kToolCall) {
      out += "C(" + event.tool_call.name + " " + event.tool_call.arguments + ")";
    } else {
      out += (event.kind == ResponseEvent::Kind::kReasoning ? "R(" : "T(") + event.text + ")";
    }
  }
  return out;
}

std::vector<std::string_view> cut(std::string_view answer, size_t piece) {
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < answer.size(); i += piece) pieces.push_back(answer.substr(i, piece));
  return pieces;
}

// However the answer is cut: in two at every byte, and into pieces of every size.
std::string parse(std::string_view answer, ResponseFormat format = {}) {
  if (format.tools.empty()) format.tools = kTools;
  const std::string whole = events_of(format, {answer});
  for (size_t at = 0; at <= answer.size(); ++at)
    EXPECT_EQ(events_of(format, {answer.substr(0, at), answer.substr(at)}), whole)
        << "cut at " << at;
  for (size_t piece = 1; piece < 30; ++piece)
    EXPECT_EQ(events_of(format, cut(answer, piece)), whole) << "in pieces of " << piece;
  return whole;
}

const ResponseFormat kInReasoning{.starts_in_reasoning = true};

TEST(ResponseParser, PlainTextStaysAsItIs) {
  EXPECT_EQ(parse(""), "");
  EXPECT_EQ(parse("Hello.\n\n2 < 3 <b>\n"), "T(Hello.\n\n2 < 3 <b>\n)");
  EXPECT_EQ(parse("\n\n x"), "T(\n\n x)");
  EXPECT_EQ(parse("\n"), "T(\n)");
  EXPECT_EQ(parse("a <think> b </think> c"), "T(a <think> b </think> c)");
}

TEST(ResponseParser, SplitsReasoningOff) {
  EXPECT_EQ(parse("hmm\n</think>\n\nanswer", kInReasoning), "R(hmm)T(answer)");
  EXPECT_EQ(parse("\n\na\n\nb\n\n</think>\n\nx\n\ny", kInReasoning), "R(a\n\nb)T(x\n\ny)");
  EXPECT_EQ(parse("<think>\nhmm\n</think>\n\nanswer"), "R(hmm)T(answer)");
  EXPECT_EQ(parse(" \n<think>hmm</think>answer"), "R(hmm)T(answer)");
  EXPECT_EQ(parse("<think>\n\n</think>\n\nanswer"), "T(answer)");
  EXPECT_EQ(parse("hmm</think>a</think>b", kInReasoning), "R(hmm)T(a</think>b)");
}

TEST(ResponseParser, ReasoningThatNeverEndsIsReasoning) {
  EXPECT_EQ(parse("hmm\n", kInReasoning), "R(hmm\n)");
  EXPECT_EQ(parse("hmm\n</thi", kInReasoning), "R(hmm\n</thi)");
  EXPECT_EQ(parse("<think>"), "");
  EXPECT_EQ(parse("<thi"), "T(<thi)");
}

TEST(ResponseParser, ReadsToolCallsInJson) {
  EXPECT_EQ(parse("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 902, \"b\": [1.50, "
                  "{}]}}\n</tool_call>"),
            "C(f {\"a\": 902, \"b\": [1.50, {}]})");
  EXPECT_EQ(parse("Let me see.\n\n<tool_call>{\"arguments\":{},\"name\":\"f\"}</tool_call>\n"
                  "<tool_call>\n{\"name\": \"g\"}\n</tool_call>\n\ndone"),
            "T(Let me see.)C(f {})C(g {})T(done)");
  EXPECT_EQ(parse("hmm\n</think>\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": "
                  "1}\"}\n</tool_call>",
                  kInReasoning),
            "R(hmm)C(f {\"a\": 1})");
  EXPECT_EQ(parse("<tool_call>{\"x\": \"arguments\", \"name\": \"f\", \"arguments\": "
                  "{\"arguments\": {\"q\": \"}\\\"\"}}}</tool_call>"),
            "C(f {\"arguments\": {\"q\": \"}\\\"\"}})");
}

TEST(ResponseParser, ReadsToolCallsInTags) {
  EXPECT_EQ(parse("ok\n\n<tool_call>\n<function=f>\n<parameter=s>\n5\n</"
                  "parameter>\n<parameter=n>\n5\n</parameter>\n"
                  "<parameter=b>\nTrue\n</parameter>\n<parameter=o>\n{\"a\": [1]}\n</parameter>\n"
                  "</function>\n</tool_call>"),
            "T(ok)C(f {\"s\": \"5\", \"n\": 5, \"b\": true, \"o\": {\"a\": [1]}})");
  EXPECT_EQ(
      parse(
          "<tool_call>\n<function=g>\n<parameter=x>\ntwo\n\n\"lines\" </parameter>\n</parameter>\n"
          "<parameter=y>\n3.5\n</parameter>\n</function>\n</tool_call>"),
      "C(g {\"x\": \"two\\n\\n\\\"lines\\\" </parameter>\", \"y\": \"3.5\"})");
  EXPECT_EQ(parse("<tool_call><function=f></function></tool_call>"), "C(f {})");
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=n>\nmany\n</parameter>\n</function>\n</"
                  "tool_call>"),
            "C(f {\"n\": \"many\"})");
}

TEST(ResponseParser, ClosingMarkersInsideOfValuesDoNotCount) {
  EXPECT_EQ(parse("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"s\": "
                  "\"a</tool_call>b\\\"</tool_call>\"}}\n</tool_call>!"),
            "C(f {\"s\": \"a</tool_call>b\\\"</tool_call>\"})T(!)");
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=s>\n</tool_call>\n</parameter>\n</"
                  "function>\n</tool_call>"),
            "C(f {\"s\": \"</tool_call>\"})");
}

TEST(ResponseParser, ToolCallsThatAreNoneComeOutAsText) {
  for (std::string_view broken : {
           "<tool_call>\n{\"name\": \"f\", \"argu",
           "<tool_call>",
           "a\n\n<tool_call>\nnothing\n</tool_call>\n\nb",
           "<tool_call>\n{\"name\": 5}\n</tool_call>",
           "<tool_call>\n{\"name\": \"\"}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": [1]}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1, \"a\": 2}}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\",}\n</tool_call> x\n",
           "<tool_call>\n<function=f>\n<parameter=s>\n1\n</tool_call>",
           "<tool_call>\n<function=f>\n<parameter=s>\n1",
           "<tool_call>\n<function=f>\n<parameter=s>\n1\n</parameter>\n<parameter=s>\n2\n</"
           "parameter>\n"
           "</function>\n</tool_call>",
           "<tool_call>\n<function=f>\n</function>\nand\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\"}\n{\"name\": \"g\"}\n</tool_call>",
           "<tool_call>\n{'name': 'f'}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\"}\nand more",
           "<function=f>\n<parameter=s>\n1\n</parameter>\n</function>",
           "{\"name\": \"f\", \"arguments\": {}}",
           "<tool_call>\n<function=>\n</function>\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": \"[1]\"}\n</tool_call>",
           "a\n<tool_cal",
           "a\n\n",
       }) {
    EXPECT_EQ(parse(broken), "T(" + std::string(broken) + ")");
  }
  EXPECT_EQ(parse("<tool_call>x</tool_call>\n<tool_call>{\"name\": \"f\"}</tool_call>"),
            "T(<tool_call>x</tool_call>)C(f {})");
  const std::string deep =
      "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": " + std::string(5000, '[') +
      std::string(5000, ']') + "}}</tool_call>";
  EXPECT_EQ(events_of({}, {deep}), "T(" + deep + ")");
}

TEST(ResponseParser, EndlessToolCallsAreGivenUp) {
  ResponseParser parser({});
  std::vector<ResponseEvent> events;
  parser.push("<tool_call>\n{\"name\": \"", events);
  EXPECT_TRUE(events.empty());
  for (int i = 0; i < 300; ++i) parser.push(std::string(1024, 'x'), events);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, ResponseEvent::Kind::kText);
  EXPECT_TRUE(events[0].text.starts_with("<tool_call>\n{\"name\": \"xxx"));
  // The same, cut otherwise; what comes behind is read as ever.
  const std::string endless = "<tool_call>{\"" + std::string(1u << 18, '\xC3') + "\xA9" +
                              "</think>a\n<tool_call>{\"name\": \"f\"}</tool_call>";
  for (const ResponseFormat& format : {ResponseFormat(), kInReasoning}) {
    const std::string whole = events_of(format, {endless});
    EXPECT_TRUE(whole.ends_with("a)C(f {})"));
    for (size_t piece : {1000, 4096, 262'139})
      EXPECT_EQ(events_of(format, cut(endless, piece)), whole);
  }
}

// vLLM's hermes and qwen3_coder parsers take these as calls as well.
TEST(ResponseParser, ACallThatLacksOnlyItsClosingMarkerCounts) {
  EXPECT_EQ(parse("<tool_call>\n{\"name\": \"f\"}"), "C(f {})");
  EXPECT_EQ(parse("a\n<tool_call>\n{\"name\": \"f\"}\n</tool_"), "T(a)C(f {})");
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=s>\n1\n</parameter>\n</function>\n"),
            "C(f {\"s\": \"1\"})");
  EXPECT_EQ(parse("<tool_call>\n{\"name\": \"f\"}\n<tool_call>\n{\"name\": \"g\"}\n</tool_call>"),
            "C(f {})C(g {})");
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n</function>\n<tool_call>\n<function=g>\n</function>"),
            "C(f {})C(g {})");
  EXPECT_EQ(parse("<tool_call>\n<tool_call>\n{\"name\": \"f\"}\n</tool_call>"),
            "T(<tool_call>)C(f {})");
}

TEST(ResponseParser, TextBetweenAndBehindCallsIsKept) {
  EXPECT_EQ(parse("First\n<tool_call>{\"name\": \"f\"}</tool_call>\n\nthen\n\n"
                  "<tool_call>{\"name\": \"g\"}</tool_call>\nlast\n"),
            "T(First)C(f {})T(then)C(g {})T(last\n)");
  EXPECT_EQ(
      parse("<tool_call>{\"name\": \"f\"}</tool_call><tool_call>{\"name\": \"f\"}</tool_call>"),
      "C(f {})C(f {})");
}

TEST(ResponseParser, BracesAndMarkersInStringsAreText) {
  EXPECT_EQ(
      parse(
          R"(<tool_call>{"name": "f", "arguments": {"s": "}} {[ \\", "o": {"q": {}}}}</tool_call>)"),
      R"(C(f {"s": "}} {[ \\", "o": {"q": {}}}))");
  EXPECT_EQ(
      parse(
          R"(<tool_call>{"name": "f", "arguments": {"s": "<tool_call>{}</tool_call>"}}</tool_call>.)"),
      R"(C(f {"s": "<tool_call>{}</tool_call>"})T(.))");
  EXPECT_EQ(
      parse("<tool_call>{\"name\": \"f\", \"arguments\": {\"s\": \"</think>é😀\"}}</tool_call>"),
      "C(f {\"s\": \"</think>é😀\"})");
}

// One tool's name may be as good as another's: whether it exists is the caller's to say.
TEST(ResponseParser, NamesThatNobodyDeclaredAreCallsToo) {
  EXPECT_EQ(parse("<tool_call>{\"name\": \"no such\", \"arguments\": {\"q\": 1}}</tool_call>"),
            "C(no such {\"q\": 1})");
  EXPECT_EQ(parse("<tool_call><function=none><parameter=q>1</parameter></function></tool_call>"),
            "C(none {\"q\": \"1\"})");
}

TEST(ResponseParser, SeveralFunctionsMayShareAMarker) {
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=n>\n1\n</parameter>\n</function>\n"
                  "<function=f>\n<parameter=n>\n2\n</parameter>\n</function>\n</tool_call>"),
            "C(f {\"n\": 1})C(f {\"n\": 2})");
}

TEST(ResponseParser, ArgumentsAreWellFormedTextWhateverTheModelWrote) {
  EXPECT_EQ(
      parse("<tool_call>\n<function=f>\n<parameter=s>\nn\xC6\xC6z\n</parameter>\n</function>\n"
            "</tool_call>"),
      "C(f {\"s\": \"n\uFFFD\uFFFDz\"})");
}

TEST(ResponseParser, AMissingClosingTagEndsAValueAtTheNextTag) {
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=s>\n1\n</function>\n</tool_call>"),
            "C(f {\"s\": \"1\"})");
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=s>\n1\n<parameter=n>\n2\n</parameter>\n"
                  "</function>\n</tool_call>"),
            "C(f {\"s\": \"1\", \"n\": 2})");
  // A value that holds tags of its own, opened and closed, keeps them.
  EXPECT_EQ(parse("<tool_call>\n<function=f>\n<parameter=s>\n<parameter=q>\nx\n</parameter>\n.\n"
                  "</parameter>\n</function>\n</tool_call>"),
            "C(f {\"s\": \"<parameter=q>\\nx\\n</parameter>\\n.\"})");
}

std::string parsed_parameter(std::string_view name, std::string_view value) {
  const std::string out =
      parse("<tool_call>\n<function=f>\n<parameter=" + std::string(name) + ">\n" +
            std::string(value) + "\n</parameter>\n</function>\n</tool_call>");
  const size_t begin = out.find(": ") + 2;
  return out.substr(begin, out.size() - begin - 2);
}

// As vLLM converts them, but: a string stays one even if it says "null", a number keeps its digits,
// and what is none of the declared types stays the string it is (vLLM: false for a boolean).
TEST(ResponseParser, ParametersHaveTheirDeclaredTypes) {
  const std::tuple<std::string_view, std::string_view, std::string_view> rows[] = {
      {"s", "5551234", R"("5551234")"},
      {"s", "true", R"("true")"},
      {"s", "null", R"("null")"},
      {"s", R"({"a": 1})", R"("{\"a\": 1}")"},
      {"s", "  two\n\n lines\t", R"("  two\n\n lines\t")"},
      {"s", "", R"("")"},
      {"n", "5", "5"},
      {"n", " -5 ", "-5"},
      {"n", "+007", "7"},
      {"n", "-0", "-0"},
      {"n", "12345678901234567890123", "12345678901234567890123"},
      {"n", "5.5", R"("5.5")"},
      {"n", "five", R"("five")"},
      {"n", "true", R"("true")"},
      {"n", "None", "null"},
      {"x", "5", "5"},
      {"x", "-1.50e3", "-1.50e3"},
      {"x", "inf", R"("inf")"},
      {"x", "[1]", R"("[1]")"},
      {"b", "True", "true"},
      {"b", "FALSE", "false"},
      {"b", "yes", R"("yes")"},
      {"b", "null", "null"},
      {"o", R"({"a": [1, {"b": "}"}]})", R"({"a": [1, {"b": "}"}]})"},
      {"o", "{'a': 1}", R"("{'a': 1}")"},
      {"o", R"({"a": )", R"("{\"a\": ")"},
      {"a", "[1,\n2]", "[1,\n2]"},
      {"a", "1, 2", R"("1, 2")"},
      {"z", "None", "null"},
      {"maybe", "5", R"("5")"},
      {"maybe", "null", "null"},
      {"either", "5", "5"},
      {"either", "five", R"("five")"},
      {"mode", "on", R"("on")"},
      {"mode", "5", "5"},
      {"one", "true", "true"},
      {"ref", R"({"a": 1})", R"({"a": 1})"},
      {"ref", "5", R"("5")"},
      {"undeclared", "5", R"("5")"},
      {"undeclared", "[5]", "[5]"},
      {"undeclared", "null", "null"},
  };
  for (const auto& [name, value, json] : rows)
    EXPECT_EQ(parsed_parameter(name, value), json) << name << " " << value;
}

// What vLLM calls the implicit end of the reasoning, but only where nothing contradicts it.
TEST(ResponseParser, ACallInTheReasoningCountsWhereTheAnswerEndsWithIt) {
  constexpr std::string_view kCall = "<tool_call>\n<function=f>\n</function>\n</tool_call>";
  const auto with = [&](std::string before, std::string_view after) {
    return parse(std::move(before) + std::string(kCall) + std::string(after), kInReasoning);
  };
  EXPECT_EQ(with("hmm\n\n", ""), "R(hmm)C(f {})");
  EXPECT_EQ(with("", "\n"), "C(f {})");
  EXPECT_EQ(with("hmm ", "\n" + std::string(kCall) + " \n"), "R(hmm )C(f {})C(f {})");
  EXPECT_EQ(with("<think>\nhmm\n", "\n<tool_call>{\"name\": \"g\"}"), "R(hmm)C(f {})C(g {})");
  // A draft.
  EXPECT_EQ(with("I write ", "\n</think>\n\nOk."), "R(I write " + std::string(kCall) + ")T(Ok.)");
  EXPECT_EQ(with("I write ", "\nor so"), "R(I write " + std::string(kCall) + "\nor so)");
  EXPECT_EQ(with("I write\n", "\n</think>\n\n" + std::string(kCall)),
            "R(I write\n" + std::string(kCall) + ")C(f {})");
  EXPECT_EQ(with("", "\n<tool_call>\n</think>a"), "R(" + std::string(kCall) + "\n<tool_call>)T(a)");
  // No call at all.
  EXPECT_EQ(parse("use <tool_call>?\n</think>\nYes", kInReasoning), "R(use <tool_call>?)T(Yes)");
  EXPECT_EQ(parse("use <tool_call> {\"a\n</think>\nYes", kInReasoning),
            "R(use <tool_call> {\"a)T(Yes)");
  EXPECT_EQ(parse("<tool_call>\n{\"name\": \"f\", \"argu", kInReasoning),
            "R(<tool_call>\n{\"name\": \"f\", \"argu)");
  EXPECT_EQ(parse("<tool_call>", kInReasoning), "R(<tool_call>)");
  EXPECT_EQ(parse("a\n<tool_call>{\"name\": \"f\"}</tool_call>",
                  {.tool_calls = false, .starts_in_reasoning = true}),
            "R(a\n<tool_call>{\"name\": \"f\"}</tool_call>)");
}

// The first </think> ends the reasoning, and without a beginning there is none to end: nothing of
// an answer that was shown as text can become reasoning later.
TEST(ResponseParser, ClosingMarkersOfNoReasoningAreText) {
  EXPECT_EQ(parse("hmm\n</think>\n\nanswer"), "T(hmm\n</think>\n\nanswer)");
  EXPECT_EQ(parse("</think>answer", kInReasoning), "T(answer)");
  EXPECT_EQ(parse("</think></think>answer", kInReasoning), "T(</think>answer)");
}

TEST(ResponseParser, AnOpeningMarkerAfterThePromptsOwnIsDropped) {
  EXPECT_EQ(parse("<think>\nhmm</think>a", kInReasoning), "R(hmm)T(a)");
  EXPECT_EQ(parse("\n<think>\n\nhmm <think></think>a", kInReasoning), "R(hmm <think>)T(a)");
  EXPECT_EQ(parse("\n<thi", kInReasoning), "R(<thi)");
  EXPECT_EQ(parse("<think>\n<think>\n", kInReasoning), "");
}

TEST(ResponseParser, HoldsBackNoMoreThanItMust) {
  ResponseParser parser({});
  std::vector<ResponseEvent> events;
  parser.push("Hello wor", events);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].text, "Hello wor");
  events.clear();
  parser.push("ld\n<too", events);
  EXPECT_EQ(events[0].text, "ld");
  events.clear();
  parser.push("ls>", events);
  EXPECT_EQ(events[0].text, "\n<tools>");
}

TEST(ResponseParser, LooksForNothingThatTheTemplateDoesNotKnow) {
  EXPECT_EQ(parse("<think>a</think><tool_call>{\"name\": \"f\"}</tool_call>\n",
                  {.thinking = false, .tool_calls = false}),
            "T(<think>a</think><tool_call>{\"name\": \"f\"}</tool_call>\n)");
}

TEST(ResponseParser, SaysWhetherItIsInTheReasoning) {
  ResponseParser parser(kInReasoning);
  std::vector<ResponseEvent> events;
  EXPECT_TRUE(parser.in_reasoning());
  parser.push("a", events);
  EXPECT_TRUE(parser.in_reasoning());
  parser.push("</think>", events);
  EXPECT_FALSE(parser.in_reasoning());
}

}  // namespace
}  // namespace gerbil::text
