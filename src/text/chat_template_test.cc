#include "text/chat_template.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "text/chat_templates.h"

namespace gerbil::text {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(GERBIL_SOURCE_DIR "/") + path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

Result<ChatTemplate> chosen(std::string_view source, std::string_view config) {
  GERBIL_TRY(
      const ChatTemplates templates,
      ChatTemplates::from_files({.chat_template_jinja = source, .tokenizer_config_json = config}));
  return templates.choose("", false);
}

ChatTemplate nano() {
  const std::string source = file_text("models/qwen3_5-nano-vl/chat_template.jinja");
  const std::string config = file_text("models/qwen3_5-nano-vl/tokenizer_config.json");
  auto compiled = chosen(source, config);
  EXPECT_TRUE(compiled) << compiled.error().message;
  return *std::move(compiled);
}

std::string text_of(const Result<std::string>& prompt) {
  return prompt ? *prompt : "error: " + prompt.error().message;
}

std::string render(std::string_view source, std::string_view messages, std::string_view tools = "",
                   const ChatOptions& options = {}) {
  const auto compiled = ChatTemplate::compile(source, "t.jinja");
  if (!compiled) return "error: " + compiled.error().message;
  return text_of(compiled->render(messages, tools, options));
}

// The text of a member's value in one line of a .jsonl file, as it stands there.
std::string raw_member(const std::string& line, const std::string& key, const std::string& next) {
  const size_t begin = line.find("\"" + key + "\": ") + key.size() + 4;
  return line.substr(begin, line.find(", \"" + next + "\": ", begin) - begin);
}

const std::string& string_member(const json::Value& object, std::string_view key) {
  return *object.object()->find(key)->string();
}

class NanoCases : public testing::TestWithParam<std::pair<std::string, int>> {};

TEST_P(NanoCases, PromptsAreTransformersOwn) {
  const ChatTemplate chat_template = nano();
  std::ifstream file(GERBIL_SOURCE_DIR "/tests/data/nano/" + GetParam().first + ".jsonl");
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    const auto parsed = json::parse(line, "case");
    ASSERT_TRUE(parsed);
    SCOPED_TRACE(string_member(*parsed, "id"));
    const std::string tools = raw_member(line, "tools", "messages");
    const ChatOptions options{.enable_thinking =
                                  *parsed->object()->find("enable_thinking")->boolean()};
    const auto prompt = chat_template.render(raw_member(line, "messages", "prompt"),
                                             tools == "null" ? "" : tools, options);
    EXPECT_EQ(text_of(prompt), string_member(*parsed, "prompt"));
    ++cases;
  }
  EXPECT_EQ(cases, GetParam().second);
}

TEST_P(NanoCases, AnswersAreSplitAsTheReferenceDoes) {
  const ChatTemplate chat_template = nano();
  std::ifstream file(GERBIL_SOURCE_DIR "/tests/data/nano/" + GetParam().first + ".jsonl");
  std::string line;
  int reasoned = 0;
  int called = 0;
  while (std::getline(file, line)) {
    const auto parsed = json::parse(line, "case");
    ASSERT_TRUE(parsed);
    SCOPED_TRACE(string_member(*parsed, "id"));
    ResponseParser parser(chat_template.response_format(string_member(*parsed, "prompt"), ""));
    std::vector<ResponseEvent> events;
    for (char c : string_member(*parsed, "answer_text"))
      parser.push(std::string_view(&c, 1), events);
    parser.finish(events);
    std::string final_text;
    for (const ResponseEvent& event : events) {
      if (event.kind == ResponseEvent::Kind::kReasoning) {
        ++reasoned;
        EXPECT_TRUE(string_member(*parsed, "answer_text").starts_with(event.text + "\n</think>"));
      } else if (event.kind == ResponseEvent::Kind::kText) {
        final_text += event.text;
      } else {
        ++called;
        final_text += "<tool_call>\n{\"name\": \"" + event.tool_call.name +
                      "\", \"arguments\": " + event.tool_call.arguments + "}\n</tool_call>";
      }
    }
    EXPECT_EQ(final_text, string_member(*parsed, "final_text"));
  }
  EXPECT_GT(reasoned, 2);
  EXPECT_GT(called, 1);
}

INSTANTIATE_TEST_SUITE_P(Models, NanoCases,
                         testing::Values(std::pair<std::string, int>("qwen3", 60),
                                         std::pair<std::string, int>("vl", 23)),
                         [](const auto& test) { return test.param.first; });

// Pictures, videos and sounds in the messages, and all cases of a small Gemma 4.
TEST(ChatTemplate, PromptsWithMediaAreTransformersOwn) {
  std::map<std::string, ChatTemplate> templates;
  for (const std::string folder : {"models/qwen3_5-nano-vl", "tests/data/nano/gemma4-nano"}) {
    const std::string source = file_text(folder + "/chat_template.jinja");
    auto compiled = chosen(source, file_text(folder + "/tokenizer_config.json"));
    ASSERT_TRUE(compiled) << compiled.error().message;
    templates.emplace(folder.substr(folder.rfind('/') + 1), *std::move(compiled));
  }
  std::ifstream file(GERBIL_SOURCE_DIR "/tests/data/nano/prompts.jsonl");
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    const auto parsed = json::parse(line, "case");
    ASSERT_TRUE(parsed);
    SCOPED_TRACE(string_member(*parsed, "model") + " " + string_member(*parsed, "id"));
    const std::string tools = raw_member(line, "tools", "messages");
    const auto prompt =
        templates.at(string_member(*parsed, "model"))
            .render(raw_member(line, "messages", "prompt"), tools == "null" ? "" : tools,
                    {.enable_thinking = *parsed->object()->find("enable_thinking")->boolean()});
    EXPECT_EQ(text_of(prompt), string_member(*parsed, "prompt"));
    ++cases;
  }
  EXPECT_EQ(cases, 70);
}

// Templates of widely used models, which are theirs and not committed: gerbil, npm's
// @huggingface/jinja and Jinja2 agree on what tools/compare_chat_templates.mjs saved.
TEST(ChatTemplate, PromptsOfOtherModelsAreTheirs) {
  const char* folder = std::getenv("GERBIL_FIXTURES");
  std::ifstream file(std::string(folder == nullptr ? "" : folder) + "/text/template_prompts.jsonl");
  std::string line;
  if (folder == nullptr || !std::getline(file, line))
    GTEST_SKIP() << "GERBIL_FIXTURES names no folder that holds text/template_prompts.jsonl";
  const auto first = json::parse(line, "contexts");
  ASSERT_TRUE(first);
  const json::Object& contexts = *first->object()->find("contexts")->object();
  int prompts = 0;
  while (std::getline(file, line)) {
    const auto parsed = json::parse(line, "template");
    ASSERT_TRUE(parsed);
    SpecialTokens tokens;
    for (const json::Member& token : parsed->object()->find("variables")->object()->members())
      tokens.emplace_back(token.key, *token.value.string());
    const auto compiled = ChatTemplate::compile(string_member(*parsed, "template"),
                                                string_member(*parsed, "name"), {}, tokens);
    ASSERT_TRUE(compiled) << compiled.error().message;
    for (const json::Member& prompt : parsed->object()->find("prompts")->object()->members()) {
      const json::Value& context = *contexts.find(prompt.key);
      SCOPED_TRACE(string_member(*parsed, "name") + " " + prompt.key);
      const ChatOptions options{
          .add_generation_prompt = *context.object()->find("add_generation_prompt")->boolean(),
          .variables_json = string_member(context, "variables"),
          .now = jinja::CivilTime{2026, 2, 28, 23, 5, 9}};
      EXPECT_EQ(text_of(compiled->render(string_member(context, "messages"),
                                         string_member(context, "tools"), options)),
                *prompt.value.string());
      ++prompts;
    }
  }
  EXPECT_GT(prompts, 0);
}

// A template that writes a call's arguments as JSON, and one that writes a tag for each.
constexpr std::string_view kJsonCalls = R"(
{%- for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>
{"name": "{{ c.function.name }}", "arguments": {% if c.function.arguments is string %}
{{- c.function.arguments }}{% else %}{{ c.function.arguments | tojson }}{% endif %}}
</tool_call>{% endfor %}{% endfor %})";
constexpr std::string_view kTaggedCalls = R"(
{%- for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>
<function={{ c.function.name }}>
{% for name, value in c.function.arguments | items %}<parameter={{ name }}>
{{ value if value is string else value | tojson }}
</parameter>
{% endfor %}</function>
</tool_call>{% endfor %}{% endfor %})";

TEST(ChatTemplate, StringAndObjectArgumentsMakeTheSamePrompt) {
  const auto messages = [](std::string_view arguments) {
    return fmt::format(R"([{{"role": "user", "content": "?"}}, {{"role": "assistant", "content": "",
      "tool_calls": [{{"type": "function", "function": {{"name": "f", "arguments": {}}}}}]}}])",
                       arguments);
  };
  const std::pair<std::string_view, std::string_view> forms[] = {{kJsonCalls, R"(<tool_call>
{"name": "f", "arguments": {"a": 1, "b": [true, null], "c": "x\ny", "d": {"e": "\"}"}}}
</tool_call>)"},
                                                                 {kTaggedCalls, R"(<tool_call>
<function=f>
<parameter=a>
1
</parameter>
<parameter=b>
[true, null]
</parameter>
<parameter=c>
x
y
</parameter>
<parameter=d>
{"e": "\"}"}
</parameter>
</function>
</tool_call>)"}};
  for (const auto& [source, expected] : forms) {
    const auto compiled = ChatTemplate::compile(source, "t");
    ASSERT_TRUE(compiled) << compiled.error().message;
    const ChatOptions options{.add_generation_prompt = false};
    const std::string object = text_of(compiled->render(
        messages(R"({"a": 1, "b": [true, null], "c": "x\ny", "d": {"e": "\"}"}})"), "", options));
    const std::string string = text_of(compiled->render(
        messages(
            R"("{\"a\": 1, \"b\": [true, null], \"c\": \"x\\ny\", \"d\": {\"e\": \"\\\"}\"}}")"),
        "", options));
    EXPECT_EQ(object, expected);
    EXPECT_EQ(string, expected);
    // What the template writes the parser reads.
    ResponseParser parser({.tools = R"([{"function": {"name": "f", "parameters": {"properties": {
        "a": {"type": "integer"}, "b": {"type": "array"}, "c": {"type": "string"}, "d": {"type": "object"}}}}}])"});
    std::vector<ResponseEvent> events;
    parser.push(object, events);
    parser.finish(events);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events[0].tool_call.arguments,
              R"({"a": 1, "b": [true, null], "c": "x\ny", "d": {"e": "\"}"}})");
  }
}

TEST(ChatTemplate, PutsMediaWhereContentPartsSay) {
  const auto prompt = nano().render(
      R"([{"role": "system", "content": "S"}, {"role": "user", "content": [
        {"type": "text", "text": "Look: "}, {"type": "image", "image": "a.png"},
        {"type": "image_url", "image_url": {"url": "b.png"}}, {"type": "video", "video": "c"},
        {"type": "text", "text": "?"}]}])",
      "");
  EXPECT_EQ(text_of(prompt),
            "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nLook: "
            "<|vision_start|><|image_pad|><|vision_end|><|vision_start|><|image_pad|><|vision_end|>"
            "<|vision_start|><|video_pad|><|vision_end|>?<|im_end|>\n"
            "<|im_start|>assistant\n<think>\n\n</think>\n\n");
}

TEST(ChatTemplate, TakesToolArgumentsAsObjectOrString) {
  const auto with = [](std::string_view arguments) {
    return text_of(nano().render(
        fmt::format(R"([{{"role": "user", "content": "?"}}, {{"role": "assistant", "content": "",
          "tool_calls": [{{"type": "function", "function": {{"name": "f", "arguments": {}}}}}]}}])",
                    arguments),
        "", {.add_generation_prompt = false}));
  };
  const std::string head =
      "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
      "<tool_call>\n{\"name\": \"f\", \"arguments\": ";
  EXPECT_EQ(with(R"({"a": 1, "b": null})"),
            head + "{\"a\": 1, \"b\": null}}\n</tool_call><|im_end|>\n");
  EXPECT_EQ(with(R"("{\"a\":1}")"), head + "{\"a\":1}}\n</tool_call><|im_end|>\n");
}

// Templates that walk through the arguments cannot do so with a string.
TEST(ChatTemplate, ParsesStringArgumentsForTemplatesThatNeedObjects) {
  constexpr std::string_view kSource =
      "{% for m in messages %}{% for c in m.tool_calls %}{% for k, v in c.function.arguments|items "
      "%}"
      "{{ k }}={{ v }};{% endfor %}{% endfor %}{% endfor %}";
  constexpr std::string_view kPlain =
      "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.arguments }}{% endfor %}{% "
      "endfor %}";
  constexpr std::string_view kMessages =
      R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{\"a\": 1, \"b\": \"x\"}"}}]}])";
  EXPECT_EQ(render(kSource, kMessages), "a=1;b=x;");
  EXPECT_EQ(render(kPlain, kMessages), R"({"a": 1, "b": "x"})");
  EXPECT_EQ(render(kPlain, kMessages, "", {.tool_arguments_as_objects = true}),
            "{'a': 1, 'b': 'x'}");
  // The first error is the one that is told.
  EXPECT_EQ(
      render(kSource, R"([{"role": "a", "tool_calls": [{"function": {"arguments": "no"}}]}])"),
      "error: t.jinja:1: can only get item pairs from a mapping");
}

TEST(ChatTemplate, PassesUnknownKeysAndVariablesOn) {
  EXPECT_EQ(
      render(
          "{{ messages[0].mood }} {{ documents }} {{ tools }} {{ add_generation_prompt }} {{ x.y }}"
          "{{ enable_thinking is defined }}",
          R"([{"role": "user", "mood": ["calm"]}])", "", {.variables_json = R"({"x": {"y": 2}})"}),
      "['calm'] None None True 2False");
  EXPECT_EQ(render("{{ enable_thinking }}{{ tools|length }}", R"([{"role": "user"}])", "[{}, {}]",
                   {.enable_thinking = false}),
            "False2");
  EXPECT_EQ(render("{{ tools }}", R"([{"role": "user"}])", "null"), "None");
}

TEST(ChatTemplate, DefinesTheClockOnlyWhereThereIsOne) {
  constexpr std::string_view kSource =
      "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}undated{% endif %}";
  EXPECT_EQ(render(kSource, R"([{"role": "user"}])"), "undated");
  EXPECT_EQ(render(kSource, R"([{"role": "user"}])", "", {.now = jinja::CivilTime{2026, 7, 4}}),
            "04 Jul 2026");
}

TEST(ChatTemplate, ContinuesTheFinalMessage) {
  const ChatOptions options{.add_generation_prompt = false, .continue_final_message = true};
  constexpr std::string_view kKeeps = "{% for m in messages %}<{{ m.content }}>\n{% endfor %}";
  constexpr std::string_view kTrims = "{% for m in messages %}<{{ m.content|trim }}>\n{% endfor %}";
  constexpr std::string_view kMessages =
      R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "It is "}])";
  EXPECT_EQ(render(kKeeps, kMessages, "", options), "<a>\n<It is ");
  EXPECT_EQ(render(kTrims, kMessages, "", options), "<a>\n<It is");
  EXPECT_EQ(
      render(
          "{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}",
          R"([{"role": "assistant", "content": [{"text": "a"}, {"text": "b"}, {"image": 1}]}])", "",
          options),
      "[a][b");
  EXPECT_EQ(render("x", kMessages, "", options),
            "error: t.jinja: the prompt does not hold the last message's content, so it cannot be "
            "continued");
  EXPECT_EQ(
      render(kKeeps, R"([{"role": "user"}, {"role": "assistant", "content": null}])", "", options),
      "error: continue_final_message: the last message has no text to go on with");
  EXPECT_EQ(render(kKeeps, kMessages, "", {.continue_final_message = true}),
            "error: continue_final_message and add_generation_prompt exclude each other");
}

TEST(ChatTemplate, RefusesWhatIsNoConversation) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "error: messages: expected an array, found an object"},
      {"[]", "error: messages: expected at least one message"},
      {"[1]", "error: messages[0]: expected an object, found 1"},
      {R"([{"role": "user"}, {"content": "x"}])",
       "error: messages[1]: expected a string as \"role\", which is missing"},
      {R"([{"role": 7}])", "error: messages[0]: expected a string as \"role\", found 7"},
  };
  for (const auto& [messages, message] : rows) EXPECT_EQ(render("x", messages), message);
  EXPECT_TRUE(render("x", "[{]").starts_with("error: messages: "));
  EXPECT_TRUE(render("x", R"([{"role": "a", "role": "b"}])").starts_with("error: messages: "));
  EXPECT_TRUE(
      render("x", std::string(100, '[') + std::string(100, ']')).starts_with("error: messages: "));
  EXPECT_EQ(render("x", R"([{"role": "a"}])", "{}"),
            "error: tools: expected an array, found an object");
  EXPECT_EQ(render("x", R"([{"role": "a"}])", "", {.variables_json = "[]"}),
            "error: template variables: expected an object, found an array of 0");
}

TEST(ChatTemplate, SaysHowToReadTheAnswer) {
  const ChatTemplate chat_template = nano();
  const ResponseFormat open = chat_template.response_format("...<think>\n", "[]");
  EXPECT_TRUE(open.thinking && open.tool_calls && open.starts_in_reasoning);
  EXPECT_FALSE(chat_template.response_format("...<think>\n\n</think>\n\n", "").starts_in_reasoning);
  const auto plain = ChatTemplate::compile("{{ messages }}", "t");
  ASSERT_TRUE(plain);
  const ResponseFormat format = plain->response_format("<think>", "");
  EXPECT_FALSE(format.thinking || format.tool_calls || format.starts_in_reasoning);
}

}  // namespace
}  // namespace gerbil::text
