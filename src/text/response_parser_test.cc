#include "text/response_parser.h"

#include <gtest/gtest.h>

namespace gerbil::text {
namespace {

constexpr std::string_view kTools =
    R"([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {
      "s": {"type": "string"}, "n": {"type": "integer"}, "b": {"type": "boolean"}, "o": {"type": "object"}}}}}])";

// The events as text: R(...) reasoning, T(...) text, C(name arguments) tool call.
std::string events_of(const ResponseFormat& format, std::string_view answer, size_t piece) {
  ResponseParser parser(format);
  std::vector<ResponseEvent> events;
  for (size_t i = 0; i < answer.size(); i += piece) parser.push(answer.substr(i, piece), events);
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

// However the answer is cut.
std::string parse(std::string_view answer, ResponseFormat format = {}) {
  if (format.tools.empty()) format.tools = kTools;
  const std::string whole = events_of(format, answer, answer.size() + 1);
  for (size_t piece = 1; piece < 30; ++piece)
    EXPECT_EQ(events_of(format, answer, piece), whole) << "in pieces of " << piece;
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
      "C(g {\"x\": \"two\\n\\n\\\"lines\\\" </parameter>\", \"y\": 3.5})");
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
           "<tool_call>\n{\"name\": \"f\"}\n</tool_",
           "<tool_call>",
           "a\n\n<tool_call>\nnothing\n</tool_call>\n\nb",
           "<tool_call>\n{\"name\": 5}\n</tool_call>",
           "<tool_call>\n{\"name\": \"\"}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": [1]}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1, \"a\": 2}}\n</tool_call>",
           "<tool_call>\n{\"name\": \"f\",}\n</tool_call> x\n",
           "<tool_call>\n<function=f>\n<parameter=s>\n1\n</function>\n</tool_call>",
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
  EXPECT_EQ(events_of({}, deep, deep.size()), "T(" + deep + ")");
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
