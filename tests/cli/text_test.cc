// gerbil tokenize and gerbil template, and what gerbil says about itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/expect.h"
#include "cli/process.h"
#include "support/checkpoint_copy.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

std::string joined(const std::vector<int32_t>& ids) {
  std::string text;
  for (const int32_t id : ids) text += (text.empty() ? "" : " ") + std::to_string(id);
  return text;
}

TEST(TokenizeTest, PrintsIdsOnOneLine) {
  const NanoCase nano = nano_cases("vl").front();
  const Finished given = gerbil({"tokenize", "demo", nano.prompt});
  EXPECT_TRUE(succeeded(given));
  EXPECT_EQ(given.output, joined(nano.input_ids) + "\n");
  for (const bool dash : {false, true}) {
    Launch launch{.arguments = {"tokenize", "demo"}, .input = nano.prompt};
    if (dash) launch.arguments.emplace_back("-");
    const Finished piped = gerbil(launch);
    EXPECT_TRUE(succeeded(piped));
    EXPECT_EQ(piped.output, joined(nano.input_ids) + "\n");
  }
}

TEST(TokenizeTest, PrintsIdsAsJson) {
  const NanoCase nano = nano_cases("vl").front();
  const Finished run = gerbil({"tokenize", "demo", nano.prompt, "--json"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(Json::parse(run.output), Json(nano.input_ids));
}

TEST(TokenizeTest, EveryByteOfStandardInputCounts) {
  const Finished line = gerbil(Launch{.arguments = {"tokenize", "demo"}, .input = "feather\n"});
  const Finished bare = gerbil(Launch{.arguments = {"tokenize", "demo"}, .input = "feather"});
  EXPECT_TRUE(succeeded(line));
  EXPECT_NE(line.output, bare.output);
}

// As other tokenizers do. A prompt that is no UTF-8 is refused (usage_test.cc).
TEST(TokenizeTest, TextThatIsNotUtf8IsReadWithReplacements) {
  const Finished want = gerbil({"tokenize", "demo",
                                "a\xEF\xBF\xBD"
                                "b\xEF\xBF\xBD"});
  EXPECT_TRUE(succeeded(want));
  const std::string broken =
      "a\xff"
      "b\xE2\x82";
  const Finished given = gerbil({"tokenize", "demo", broken});
  EXPECT_TRUE(succeeded(given));
  EXPECT_EQ(given.output, want.output);
  for (const bool dash : {false, true}) {
    Launch launch{.arguments = {"tokenize", "demo"}, .input = broken};
    if (dash) launch.arguments.emplace_back("-");
    const Finished piped = gerbil(launch);
    EXPECT_TRUE(succeeded(piped));
    EXPECT_EQ(piped.output, want.output);
  }
}

// Gemma's tokenizer puts <bos> in front of a text, and Gemma's template has written it already.
TEST(TokenizeTest, APromptThatBeginsWithTheFirstTokenGetsNoSecondOne) {
  CheckpointCopy copy(model_folder("qwen3-nano"));
  copy.write("tokenizer.json", read_file(data_folder() / "text" / "gemma4_nano_tokenizer.json"));
  const auto ids = [&](const char* text) {
    const Finished run = gerbil({"tokenize", copy.path(), text});
    EXPECT_TRUE(succeeded(run));
    return run.output;
  };
  const std::string plain = ids("What is 2 + 3?");
  EXPECT_EQ(plain.substr(0, 2), "2 ");
  EXPECT_NE(plain.substr(0, 4), "2 2 ");
  EXPECT_EQ(ids("<bos>What is 2 + 3?"), plain);
  EXPECT_EQ(ids("<bos>"), "2\n");
}

TEST(TokenizeTest, AFolderWithoutATokenizerIsAnError) {
  EXPECT_TRUE(failed(gerbil({"tokenize", model_folder("qwen3-tiny"), "Hello"}), 1,
                     {"qwen3-tiny", "tokenizer"}));
}

TEST(TemplateTest, PrintsThePromptExactly) {
  const TempFolder folder;
  for (const NanoCase& nano : nano_cases("vl")) {
    write_file(folder / "messages.json", nano.messages_json);
    std::vector<std::string> arguments = {"template", "demo", "--messages",
                                          folder / "messages.json"};
    if (!nano.tools_json.empty()) {
      write_file(folder / "tools.json", nano.tools_json);
      arguments.insert(arguments.end(), {"--tools", folder / "tools.json"});
    }
    arguments.emplace_back(nano.enable_thinking ? "--think" : "--no-think");
    const Finished run = gerbil(arguments);
    EXPECT_TRUE(succeeded(run));
    EXPECT_EQ(run.output, nano.prompt) << nano.id;
  }
}

TEST(TemplateTest, LeavesTheAnswersOpeningOutWhenAsked) {
  const Finished run =
      gerbil(Launch{.arguments = {"template", "demo", "--messages", "-", "--no-generation-prompt"},
                    .input = R"([{"role": "user", "content": "Hi"}])"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "<|im_start|>user\nHi<|im_end|>\n");
}

TEST(TemplateTest, ABrokenTemplateIsAnError) {
  CheckpointCopy copy(demo_folder());
  copy.write("chat_template.jinja", "{% for message in messages %}{{ message.role ");
  const Launch launch{.arguments = {"template", copy.path(), "--messages", "-"},
                      .input = R"([{"role": "user", "content": "Hi"}])"};
  EXPECT_TRUE(failed(gerbil(launch), 1, {"chat_template.jinja"}));
  EXPECT_TRUE(failed(gerbil({"run", copy.path(), "Hi"}), 1, {"chat_template.jinja"}));
}

TEST(TemplateTest, GivesTheTemplateWhatItAsksFor) {
  CheckpointCopy copy(demo_folder());
  copy.write("chat_template.jinja", "{{ x.y }} {{ strftime_now('%Y')|length }}");
  const auto with = [&](const std::string& arguments) {
    return gerbil(Launch{
        .arguments = {"template", copy.path(), "--messages", "-", "--template-args", arguments},
        .input = R"([{"role": "user", "content": "Hi"}])"});
  };
  const Finished run = with(R"({"x": {"y": "a date of"}})");
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "a date of 4");
  EXPECT_TRUE(failed(with("[]"), 1, {"template variables", "object"}));
  EXPECT_TRUE(failed(with("{"), 1, {"template variables"}));
}

constexpr std::string_view kHi = R"([{"role": "user", "content": "Hi"}])";

// A model with three templates: default, rag and tool_use.
void add_templates(CheckpointCopy& copy) {
  copy.write("chat_template.jinja", "plain {{ bos_token is defined }}");
  std::filesystem::create_directory(std::filesystem::path(copy.path()) /
                                    "additional_chat_templates");
  copy.write("additional_chat_templates/tool_use.jinja", "with {{ tools|length }} tools");
  copy.write("additional_chat_templates/rag.jinja",
             "{{ documents|join }} {{ strftime_now('%c') }}");
  copy.write("additional_chat_templates/README.md", "{%");
}

TEST(TemplateTest, TakesTheTemplateThatItsNameOrToolsSay) {
  CheckpointCopy copy(demo_folder());
  add_templates(copy);
  const TempFolder folder;
  write_file(folder / "tools.json", "[{}, {}]");
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"template", copy.path(), "--messages", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return gerbil(Launch{.arguments = arguments, .input = std::string(kHi)});
  };
  EXPECT_EQ(with({}).output, "plain False");
  EXPECT_EQ(with({"--tools", folder / "tools.json"}).output, "with 2 tools");
  EXPECT_EQ(with({"--tools", folder / "tools.json", "--chat-template", "default"}).output,
            "plain False");
  EXPECT_EQ(with({"--chat-template", "rag", "--template-args", R"({"documents": ["a", "b"]})",
                  "--template-time", "2026-02-28 23:59"})
                .output,
            "ab Sat Feb 28 23:59:00 2026");
  EXPECT_TRUE(failed(with({"--chat-template", "rags"}), 1,
                     {"no chat template \"rags\"", R"("default", "rag", "tool_use")"}));
  EXPECT_TRUE(
      failed(with({"--template-time", "2026-02-29"}), 2, {"--template-time", "2026-02-29"}));
  EXPECT_TRUE(failed(with({"--chat-template", ""}), 2, {"--chat-template"}));
}

TEST(TemplateTest, TakesATemplateFromAFile) {
  const TempFolder folder;
  write_file(folder / "mine.jinja", "mine {{ messages[0].content }}");
  write_file(folder / "broken", "a\n{{ b");
  write_file(folder / "empty.txt", "");
  const auto with = [&](const std::string& file) {
    return gerbil(
        Launch{.arguments = {"template", "demo", "--messages", "-", "--chat-template", file},
               .input = std::string(kHi)});
  };
  EXPECT_EQ(with(folder / "mine.jinja").output, "mine Hi");
  EXPECT_TRUE(failed(with(folder / "broken"), 1, {"/broken:2: "}));
  EXPECT_TRUE(failed(with(folder / "empty.txt"), 1, {"empty.txt: the chat template is empty"}));
  EXPECT_TRUE(failed(with(folder / "none.jinja"), 1, {"none.jinja"}));
}

// A template that asks the model something else than the user does.
TEST(TemplateTest, RunAndChatTakeTheSameFlags) {
  const TempFolder folder;
  write_file(folder / "fixed.jinja",
             "<|im_start|>user\n{{ question }}<|im_end|>\n<|im_start|>assistant\n<think>\n\n"
             "</think>{{ '\\n\\n' }}");
  const std::vector<std::string> flags = {"--quiet",
                                          "--temperature",
                                          "0",
                                          "--chat-template",
                                          folder / "fixed.jinja",
                                          "--template-args",
                                          R"({"question": "Whose national symbol is the wolf?"})"};
  for (const std::string command : {"run", "chat"}) {
    std::vector<std::string> arguments = {command, "demo"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Finished answered = gerbil(Launch{.arguments = arguments, .input = "Hello\n"});
    EXPECT_TRUE(succeeded(answered)) << command;
    EXPECT_EQ(answered.output, "The wolf is the symbol of Murandy.\n") << command;
  }
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--chat-template", "rag"}), 1,
                     {"no chat template \"rag\"; there is \"default\""}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--raw", "--template-args", "{}"}), 2,
                     {"--raw excludes"}));
  EXPECT_TRUE(failed(
      gerbil(Launch{.arguments = {"chat", "demo", "--chat-template", "./none"}, .input = "Hi\n"}),
      1, {"./none"}));
}

TEST(TemplateTest, BadMessagesAreErrors) {
  const auto with = [](std::string_view messages) {
    return gerbil(Launch{.arguments = {"template", "demo", "--messages", "-"},
                         .input = std::string(messages)});
  };
  EXPECT_TRUE(failed(with(""), 1, {"standard input"}));
  EXPECT_TRUE(failed(with("[{\"role\": \"user\""), 1, {"standard input"}));
  EXPECT_TRUE(failed(with(R"({"role": "user", "content": "Hi"})"), 1, {"standard input", "array"}));
  EXPECT_TRUE(failed(with("[1]"), 1, {"standard input"}));
  EXPECT_TRUE(
      failed(with("[{\"role\": \"user\", \"content\": \"a\xff\"}]"), 1, {"standard input"}));
  EXPECT_TRUE(failed(with(std::string(100'000, '[')), 1, {"standard input"}));
}

TEST(TextTest, SaysWhatItIs) {
  const Finished version = gerbil({"--version"});
  EXPECT_TRUE(succeeded(version));
  EXPECT_TRUE(version.output.starts_with("gerbil 0.")) << version.output;
  const Finished help = gerbil({"--help"});
  EXPECT_TRUE(succeeded(help));
  for (const std::string command : {"run", "tokenize", "template", "forward", "plan"}) {
    EXPECT_TRUE(help.output.contains("\n  " + command + " ")) << help.output;
    const Finished more = gerbil({command, "--help"});
    EXPECT_TRUE(succeeded(more)) << command;
    EXPECT_TRUE(more.output.contains("Usage: gerbil " + command)) << more.output;
  }
}

}  // namespace
}  // namespace gerbil::testing
