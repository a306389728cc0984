#include "text/chat_template.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

namespace gerbil::text {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(GERBIL_SOURCE_DIR "/") + path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

ChatTemplate nano() {
  const std::string source = file_text("models/qwen3_5-nano-vl/chat_template.jinja");
  const std::string config = file_text("models/qwen3_5-nano-vl/tokenizer_config.json");
  auto compiled = ChatTemplate::from_files(source, config);
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
    auto compiled = ChatTemplate::from_files(source, file_text(folder + "/tokenizer_config.json"));
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

TEST(ChatTemplate, IsFoundInTheCheckpointsFiles) {
  const auto found = [](std::optional<std::string_view> jinja,
                        std::optional<std::string_view> config, std::string_view tools = "") {
    const auto chat_template = ChatTemplate::from_files(jinja, config);
    if (!chat_template) return "error: " + chat_template.error().message;
    return text_of(chat_template->render(R"([{"role": "user"}])", tools));
  };
  EXPECT_EQ(found("file", R"({"chat_template": "config"})"), "file");
  EXPECT_EQ(
      found({},
            R"({"chat_template": "config{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}",
                          "bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null})"),
      "config<s></s>False");
  EXPECT_EQ(found("{{ bos_token }}", R"({"bos_token": "<s>"})"), "<s>");
  constexpr std::string_view kNamed =
      R"({"chat_template": [{"name": "default", "template": "plain"}, {"name": "rag", "template": "{%"},
                            {"name": "tool_use", "template": "tools"}]})";
  EXPECT_EQ(found({}, kNamed), "plain");
  EXPECT_EQ(found({}, kNamed, "[{}]"), "tools");
  EXPECT_EQ(found({}, "{}"),
            "error: the model has no chat template, neither chat_template.jinja nor in "
            "tokenizer_config.json");
  EXPECT_EQ(ChatTemplate::from_files({}, {}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(found({}, R"({"chat_template": 5})"),
            "error: tokenizer_config.json: \"chat_template\": expected a string or a list of named "
            "templates, found 5");
  EXPECT_EQ(found({}, R"({"chat_template": "a\n{{ x"})"),
            "error: tokenizer_config.json:2: a tag is not closed with }}");
}

TEST(ChatTemplate, OfAProcessorComesBeforeTheTokenizers) {
  const auto found = [](std::optional<std::string_view> jinja, std::string_view json) {
    const auto chat_template =
        ChatTemplate::from_files(jinja, R"({"chat_template": "config", "bos_token": "<s>"})", json);
    if (!chat_template) return "error: " + chat_template.error().message;
    return text_of(chat_template->render(R"([{"role": "user"}])", ""));
  };
  EXPECT_EQ(found({}, R"({"chat_template": "processor{{ bos_token }}"})"), "processor<s>");
  EXPECT_EQ(found("file", R"({"chat_template": "processor"})"), "file");
  EXPECT_EQ(found({}, "{}"), "config");
  EXPECT_TRUE(found({}, "[]").starts_with("error: chat_template.json"));
  EXPECT_EQ(found({}, R"({"chat_template": "{{"})"),
            "error: chat_template.json:1: a tag is not closed with }}");
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
