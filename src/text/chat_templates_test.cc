#include "text/chat_templates.h"

#include <gtest/gtest.h>

namespace gerbil::text {
namespace {

std::string text_of(const Result<std::string>& prompt) {
  return prompt ? *prompt : "error: " + prompt.error().message;
}

// What the chosen template makes of one message.
std::string found(const ChatTemplateFiles& files, std::string_view tools = "",
                  std::string_view name = "") {
  const auto templates = ChatTemplates::from_files(files);
  if (!templates) return "error: " + templates.error().message;
  const auto chosen = templates->choose(name, gives_tools(tools));
  if (!chosen) return "error: " + chosen.error().message;
  return text_of(chosen->render(R"([{"role": "user"}])", tools));
}

TEST(ChatTemplates, AreFoundInTheCheckpointsFiles) {
  EXPECT_EQ(found({.chat_template_jinja = "file",
                   .tokenizer_config_json = R"({"chat_template": "config"})"}),
            "file");
  EXPECT_EQ(
      found(
          {.tokenizer_config_json =
               R"({"chat_template": "config{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}",
                          "bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null})"}),
      "config<s></s>False");
  EXPECT_EQ(found({.chat_template_jinja = "{{ bos_token }}",
                   .tokenizer_config_json = R"({"bos_token": "<s>"})"}),
            "<s>");
  constexpr std::string_view kNone =
      "error: the model has no chat template, neither chat_template.jinja nor in "
      "tokenizer_config.json";
  EXPECT_EQ(found({.tokenizer_config_json = "{}"}), kNone);
  EXPECT_EQ(found({.tokenizer_config_json = R"({"chat_template": null})"}), kNone);
  EXPECT_EQ(found({.tokenizer_config_json = R"({"chat_template": []})"}), kNone);
  EXPECT_EQ(found({}, "", "rag"), kNone);
  EXPECT_EQ(ChatTemplates::from_files({})->choose("", false).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(found({.tokenizer_config_json = R"({"chat_template": 5})"}),
            "error: tokenizer_config.json: \"chat_template\": expected a string or a list of named "
            "templates, found 5");
  EXPECT_EQ(found({.tokenizer_config_json = R"({"chat_template": "a\n{{ x"})"}),
            "error: tokenizer_config.json:2: a tag is not closed with }}");
}

constexpr std::string_view kNamed =
    R"({"chat_template": [{"name": "default", "template": "plain"}, {"name": "rag", "template": "{%"},
                          {"name": "tool_use", "template": "tools"}], "bos_token": "<s>"})";

// As transformers' get_chat_template: tools that are given choose, even none of them.
TEST(ChatTemplates, AreChosenByNameOrByTools) {
  const ChatTemplateFiles files{.tokenizer_config_json = kNamed};
  EXPECT_EQ(found(files), "plain");
  EXPECT_EQ(found(files, "null"), "plain");
  EXPECT_EQ(found(files, "[{}]"), "tools");
  EXPECT_EQ(found(files, "[]"), "tools");
  EXPECT_EQ(found(files, "[{}]", "default"), "plain");
  EXPECT_EQ(found(files, "", "tool_use"), "tools");
  EXPECT_EQ(ChatTemplates::from_files(files)->names(),
            (std::vector<std::string>{"default", "rag", "tool_use"}));
}

TEST(ChatTemplates, ThatAreBrokenBreakNoOthers) {
  EXPECT_EQ(found({.tokenizer_config_json = kNamed}, "", "rag"),
            "error: tokenizer_config.json (\"rag\"):1: a tag is not closed with %}");
}

TEST(ChatTemplates, SayWhichNamesThereAre) {
  EXPECT_EQ(found({.tokenizer_config_json = kNamed}, "", "tools"),
            "error: has no chat template \"tools\"; there is \"default\", \"rag\", \"tool_use\"");
  EXPECT_EQ(found({.chat_template_jinja = "x"}, "", "tool_use"),
            "error: has no chat template \"tool_use\"; there is \"default\"");
  const ChatTemplateFiles no_default{.additional = {{"rag", "r"}, {"tool_use", "t"}}};
  EXPECT_EQ(found(no_default),
            "error: has no chat template \"default\": one must be chosen by its "
            "name, of \"rag\", \"tool_use\"");
  EXPECT_EQ(found(no_default, "[]"), "t");
  EXPECT_EQ(found(no_default, "", "rag"), "r");
  EXPECT_EQ(found({.additional = {{"a\nb", "x"}}}, "", "c"),
            "error: has no chat template \"c\"; there is \"a\\nb\"");
}

// A list in tokenizer_config.json is not asked where there are .jinja files, be it only some.
TEST(ChatTemplates, OfFilesComeBeforeTheConfigs) {
  const ChatTemplateFiles files{.chat_template_jinja = "d{{ bos_token }}",
                                .additional = {{"tool_use", "t{{ bos_token }}"}, {"bad", "{{"}},
                                .tokenizer_config_json = kNamed};
  EXPECT_EQ(found(files), "d<s>");
  EXPECT_EQ(found(files, "[]"), "t<s>");
  EXPECT_EQ(found(files, "", "rag"),
            "error: has no chat template \"rag\"; there is \"bad\", \"default\", \"tool_use\"");
  EXPECT_EQ(found(files, "", "bad"),
            "error: additional_chat_templates/bad.jinja:1: a tag is not closed with }}");
}

TEST(ChatTemplates, OfAProcessorComeBeforeTheTokenizers) {
  const auto with = [](std::optional<std::string_view> jinja, std::string_view json) {
    return found({.chat_template_jinja = jinja,
                  .tokenizer_config_json = R"({"chat_template": "config", "bos_token": "<s>"})",
                  .chat_template_json = json});
  };
  EXPECT_EQ(with({}, R"({"chat_template": "processor{{ bos_token }}"})"), "processor<s>");
  EXPECT_EQ(with("file", R"({"chat_template": "processor"})"), "file");
  EXPECT_EQ(with({}, "{}"), "config");
  EXPECT_TRUE(with({}, "[]").starts_with("error: chat_template.json"));
  EXPECT_EQ(with({}, R"({"chat_template": "{{"})"),
            "error: chat_template.json:1: a tag is not closed with }}");
}

TEST(ChatTemplates, OfOneNameTheLastCounts) {
  EXPECT_EQ(found({.tokenizer_config_json =
                       R"({"chat_template": [{"name": "default", "template": "a"},
                                             {"name": "default", "template": "b"}]})"}),
            "b");
}

TEST(ChatTemplates, AreNotWithoutNumber) {
  std::string many;
  for (int i = 0; i < 65; ++i)
    many += fmt::format(R"({}{{"name": "n{}", "template": "x"}})", i == 0 ? "" : ",", i);
  EXPECT_EQ(found({.tokenizer_config_json = "{\"chat_template\": [" + many + "]}"}),
            "error: expected at most 64 chat templates, found more");
}

TEST(ChatTemplates, GiveTheirTokensToAnother) {
  const auto templates = ChatTemplates::from_files({.tokenizer_config_json = kNamed});
  ASSERT_TRUE(templates);
  const auto other = templates->compile("mine {{ bos_token }}", "mine.jinja");
  ASSERT_TRUE(other);
  EXPECT_EQ(text_of(other->render(R"([{"role": "user"}])", "")), "mine <s>");
  EXPECT_EQ(templates->compile("{{", "mine.jinja").error().message,
            "mine.jinja:1: a tag is not closed with }}");
}

}  // namespace
}  // namespace gerbil::text
