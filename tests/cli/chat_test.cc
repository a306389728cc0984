// gerbil chat through pipes: lines in, answers out, everything else on standard error.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/expect.h"
#include "cli/process.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kWolf = "Whose national symbol is the wolf?\n";
constexpr const char* kWolfAnswer = "The wolf is the symbol of Murandy.\n";
constexpr const char* kStory = "Tell me a story about a crow and a seed.\n";

Finished chat(const std::string& lines, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"chat", "demo", "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return gerbil(Launch{.arguments = arguments, .input = lines});
}

// What /save writes after these lines.
Json saved(const std::string& lines, std::vector<std::string> more = {}) {
  const TempFolder folder;
  const std::string file = folder / "chat.json";
  const Finished run = chat(lines + "/save " + file + "\n", std::move(more));
  EXPECT_TRUE(succeeded(run));
  return Json::parse(read_file(file), nullptr, false);
}

// "role: content" of each message.
std::vector<std::string> messages(const Json& chat) {
  std::vector<std::string> all;
  for (const Json& message : chat["messages"]) {
    all.push_back(message["role"].get<std::string>() + ": " +
                  message["content"].get<std::string>());
  }
  return all;
}

TEST(ChatTest, ALineIsAMessageAndStandardOutputHasTheAnswersAlone) {
  const Finished run = chat(std::string("Hello\n\n") + kWolf);
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, std::string("Hello! How can I help you?\n") + kWolfAnswer);
  EXPECT_TRUE(succeeded(chat("")));
  EXPECT_EQ(chat("").output, "");
  const std::string question = kWolf;
  const std::string bare = question.substr(0, question.size() - 1);
  EXPECT_EQ(chat(bare).output, kWolfAnswer);
  EXPECT_EQ(chat(bare + "\r\n").output, kWolfAnswer);
}

TEST(ChatTest, RemembersTheTurnsBefore) {
  for (const NanoCase& nano : nano_cases("vl")) {
    if (nano.task != "chat" || nano.enable_thinking) continue;
    const Json turns = Json::parse(nano.messages_json);
    const TempFolder folder;
    Json before = turns;
    before.erase(turns.size() - 1);
    write_file(folder / "before.json", before.dump());
    const std::string last = turns.back()["content"].get<std::string>();
    if (last.contains('\n')) continue;
    const Finished run = chat(last + "\n", {"--load", folder / "before.json"});
    EXPECT_TRUE(succeeded(run));
    EXPECT_EQ(run.output, nano.final_text + "\n");
  }
}

TEST(ChatTest, MessagesHaveSeveralLines) {
  const Json chat = saved("one\\\ntwo\n\"\"\"\nthree\n\n/four\n\"\"\"\n//etc\n");
  const std::vector<std::string> all = messages(chat);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[0], "user: one\ntwo");
  EXPECT_EQ(all[2], "user: three\n\n/four");
  EXPECT_EQ(all[4], "user: /etc");
  EXPECT_TRUE(all[1].starts_with("assistant: ") && all[3].starts_with("assistant: "));
  EXPECT_EQ(chat["gerbil_chat"], 1);
  EXPECT_EQ(chat["model"], "demo");
}

TEST(ChatTest, SendsWhatIsBegunAtTheEnd) {
  const std::string bare = std::string(kWolf).substr(0, std::string(kWolf).size() - 1);
  EXPECT_EQ(chat("\"\"\"" + bare).output, kWolfAnswer);
  EXPECT_EQ(chat(bare + "\\\n").output, kWolfAnswer);
}

TEST(ChatTest, PrintsAJsonObjectALine) {
  const Finished run = chat(std::string(kWolf) + "/set max_tokens 3\n" + kStory, {"--json"});
  EXPECT_TRUE(succeeded(run));
  const size_t end = run.output.find('\n');
  ASSERT_NE(end, std::string::npos);
  const Json first = Json::parse(run.output.substr(0, end));
  const Json second = Json::parse(run.output.substr(end + 1));
  EXPECT_EQ(first["text"].get<std::string>() + "\n", kWolfAnswer);
  EXPECT_EQ(first["finish_reason"], "stop");
  EXPECT_EQ(second["finish_reason"], "length");
  EXPECT_EQ(second["token_ids"].size(), 3u);
}

TEST(ChatTest, ThinkingIsKeptInTheMessagesAndOffStandardOutput) {
  const Finished run = chat("What is 12 + 30?\n", {"--think"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "12 + 30 = 42.\n");
  const Json chat = saved("/set think on\nWhat is 12 + 30?\n/set think off\nHello\n");
  const Json& all = chat["messages"];
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1]["content"], "12 + 30 = 42.");
  EXPECT_TRUE(all[1]["reasoning_content"].get<std::string>().starts_with("Ones:"));
  EXPECT_FALSE(all[3].contains("reasoning_content"));
  EXPECT_EQ(chat["settings"], Json({{"think", "off"}}));
}

TEST(ChatTest, ShowsThinkingBehindColoursOrBars) {
  const Finished colours = chat("What is 12 + 30?\n", {"--think", "--color", "always"});
  EXPECT_TRUE(succeeded(colours));
  EXPECT_TRUE(colours.output.starts_with("\x1b[0;2mOnes: ")) << colours.output;
  EXPECT_TRUE(colours.output.ends_with("\x1b[0m\n\n12 + 30 = 42.\n")) << colours.output;
  const Finished bars = gerbil(Launch{.arguments = {"chat", "demo", "--quiet", "--think"},
                                      .input = "What is 12 + 30?\n",
                                      .environment = {{"TERM", "xterm"}, {"NO_COLOR", "1"}},
                                      .terminal = true});
  EXPECT_EQ(bars.exit_code, 0);
  EXPECT_TRUE(bars.output.starts_with("| Ones: ")) << bars.output;
  EXPECT_TRUE(bars.output.ends_with("\r\n\r\n12 + 30 = 42.\r\n")) << bars.output;
  EXPECT_FALSE(bars.output.contains('\x1b')) << bars.output;
}

TEST(ChatTest, TakesBackAndAnswersAgain) {
  const std::string wolf = std::string("user: ") + std::string(kWolf, std::strlen(kWolf) - 1);
  EXPECT_EQ(messages(saved(std::string(kWolf) + "Hello\n/undo\n")),
            (std::vector<std::string>{wolf, "assistant: The wolf is the symbol of Murandy."}));
  EXPECT_EQ(messages(saved("Hello\n/clear\n")), std::vector<std::string>());
  EXPECT_EQ(messages(saved("/system Be brief.\nHello\n/clear\n")),
            std::vector<std::string>{"system: Be brief."});
  const Finished again = chat(std::string(kWolf) + "/retry\n");
  EXPECT_TRUE(succeeded(again));
  EXPECT_EQ(again.output, std::string(kWolfAnswer) + kWolfAnswer);
  EXPECT_EQ(messages(saved("Hello\n/retry\n/retry\n")).size(), 2u);
  EXPECT_TRUE(failed(chat("/undo\n"), 1, {"/undo"}));
  EXPECT_TRUE(failed(chat("/retry\n"), 1, {"/retry"}));
}

TEST(ChatTest, ARetryDrawsAnewUnlessASeedIsSet) {
  // As stored: int8 activations may round otherwise where more of the prompt is in the cache.
  const std::vector<std::string> hot = {"--temperature", "50",      "--max-tokens", "12",
                                        "--json",        "--quant", "stored"};
  const auto answers = [&](const std::string& lines) {
    const Finished run = chat(lines, hot);
    EXPECT_TRUE(succeeded(run));
    std::vector<std::string> all;
    for (size_t begin = 0, end; (end = run.output.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      all.push_back(Json::parse(run.output.substr(begin, end - begin))["token_ids"].dump());
    }
    return all;
  };
  const std::vector<std::string> seeded =
      answers("/set seed 7\nHello\n/retry\n/set seed 8\n/retry\n");
  ASSERT_EQ(seeded.size(), 3u);
  EXPECT_EQ(seeded[0], seeded[1]);
  EXPECT_NE(seeded[0], seeded[2]);
  const std::vector<std::string> drawn = answers("Hello\n/retry\n");
  ASSERT_EQ(drawn.size(), 2u);
  EXPECT_NE(drawn[0], drawn[1]);
}

TEST(ChatTest, SavesAndLoadsChatAndSettings) {
  const TempFolder folder;
  const std::string file = folder / "my chat.json";
  EXPECT_TRUE(succeeded(chat(std::string("/system Be brief.\n/set top_k 9\n/set stop END\n") +
                             kWolf + "/save " + file + "\n")));
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  // From the command line its flags rule, inside of the chat the file does.
  const Finished shown =
      chat("/set top_k\n/set stop\n/system\n/load " + file + "\n/set top_k\n/save " + file + "\n",
           {"--load", file, "--top-k", "3"});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  EXPECT_EQ(shown.output, "");
  EXPECT_EQ(shown.errors,
            "gerbil: top_k 3\ngerbil: stop END\ngerbil: Be brief.\ngerbil: top_k 9\n");
  EXPECT_EQ(Json::parse(read_file(file))["messages"].size(), 3u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary file stays";
}

TEST(ChatTest, WritesOverNothingButSavedChatsUnlessAsked) {
  const TempFolder folder;
  const std::string file = folder / "thesis.txt";
  write_file(file, "years of work");
  EXPECT_TRUE(failed(chat("/save " + file + "\n"), 1, {"thesis.txt", "no saved chat", "--force"}));
  EXPECT_EQ(read_file(file), "years of work");
  write_file(file, "[]");
  EXPECT_TRUE(failed(chat("/save " + file + "\n"), 1, {"no saved chat"}));
  EXPECT_TRUE(succeeded(chat("/save --force " + file + "\n")));
  EXPECT_EQ(Json::parse(read_file(file))["gerbil_chat"], 1);
  EXPECT_TRUE(failed(chat("/save " + (folder / "no/such/folder").string() + "\n"), 1, {"no/such"}));
  EXPECT_TRUE(failed(chat("/save " + folder.path().string() + "\n"), 1, {"regular file"}));
  EXPECT_TRUE(failed(chat("/save\n"), 1, {"/save", "FILE"}));
}

TEST(ChatTest, RefusesFilesThatAreNoChats) {
  const TempFolder folder;
  const std::string file = folder / "chat.json";
  const std::vector<std::pair<std::string, std::string>> all = {
      {"", "is not JSON"},
      {"hello", "is not JSON"},
      {"{\"messages\": []}", "/save wrote"},
      {"{\"gerbil_chat\": 2, \"messages\": []}", "not understood"},
      {"{\"gerbil_chat\": 1}", "/save wrote"},
      {"{\"gerbil_chat\": 1, \"messages\": {}}", "array of messages"},
      {"[1]", "message 0"},
      {"[{\"role\": \"user\", \"content\": \"a\"}, {\"content\": \"x\"}]", "message 1"},
      {"[{\"role\": 3}]", "message 0"},
      {"{\"gerbil_chat\": 1, \"messages\": [], \"settings\": []}", "settings"},
      {"{\"gerbil_chat\": 1, \"messages\": [], \"settings\": {\"top_k\": -1}}", "top_k"},
      {"{\"gerbil_chat\": 1, \"messages\": [], \"settings\": {\"top_k\": []}}", "top_k"},
      {"{\"gerbil_chat\": 1, \"messages\": [], \"settings\": {\"x\": 1}}", "unknown setting"},
      {std::string(100'000, '['), "nested deeper"},
      {"[{\"role\": \"user\", \"content\": \"\xff\"}]", "is not JSON"},
  };
  for (const auto& [bytes, words] : all) {
    write_file(file, bytes);
    EXPECT_TRUE(failed(chat("", {"--load", file}), 1, {"chat.json", words})) << bytes.substr(0, 80);
    EXPECT_TRUE(failed(chat("/load " + file + "\n"), 1, {words})) << bytes.substr(0, 80);
  }
  EXPECT_TRUE(failed(chat("", {"--load", folder / "none"}), 1, {"no such file"}));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(failed(chat("/load " + (folder / "pipe").string() + "\n"), 1, {"regular file"}));
  EXPECT_TRUE(failed(chat("/load\n"), 1, {"/load", "FILE"}));
}

TEST(ChatTest, AMessageThatCannotBeAnsweredIsTakenBack) {
  const Finished run = chat(std::string("\xff\xfe\n") + kWolf);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.output, kWolfAnswer);
  EXPECT_TRUE(run.errors.contains("not UTF-8")) << run.errors;
}

TEST(ChatTest, SaysWhatToDoWhereTheContextIsFull) {
  const Finished full = chat(std::string(kStory) + kWolf + "/clear\n" + kWolf, {"--context", "80"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(full.output.ends_with(kWolfAnswer)) << full.output;
  EXPECT_TRUE(full.errors.contains("/undo or /clear makes room")) << full.errors;
  const Finished cut =
      gerbil(Launch{.arguments = {"chat", "demo", "--context", "40"}, .input = kStory});
  EXPECT_EQ(cut.exit_code, 0);
  EXPECT_TRUE(cut.errors.contains("the context of 40 tokens is full")) << cut.errors;
}

TEST(ChatTest, EachTurnComputesOnlyWhatIsNew) {
  for (const bool think : {false, true}) {
    std::string lines = think ? "/set think on\n" : "";
    const int turns = 4;
    for (int i = 0; i < turns; ++i) lines += "What is 12 + 30?\n/stats\n";
    const Finished run = chat(lines);
    std::vector<int> prompt;
    std::vector<int> cached;
    for (size_t at = 0; (at = run.errors.find("\nprompt ", at)) != std::string::npos;) {
      int tokens = 0;
      int reused = 0;
      ASSERT_EQ(std::sscanf(run.errors.c_str() + at, "\nprompt %d tokens, %d of them cached",
                            &tokens, &reused),
                2);
      prompt.push_back(tokens);
      cached.push_back(reused);
      ++at;
    }
    ASSERT_EQ(cached.size(), 4u) << run.errors;
    EXPECT_EQ(cached[0], 0);
    // The template shows the model its last answer without the thinking that it was made behind:
    // what is kept ends with the message before it.
    for (size_t i = 1; i < cached.size(); ++i) {
      EXPECT_GT(cached[i], cached[i - 1]) << "turn " << i;
      EXPECT_LT(prompt[i - 1] - cached[i], 10) << "turn " << i;
    }
  }
}

TEST(ChatTest, CallsTools) {
  for (const NanoCase& nano : nano_cases("vl")) {
    if (nano.task != "tool" || nano.enable_thinking) continue;
    const Json turns = Json::parse(nano.messages_json);
    if (turns.size() != 1) continue;
    const TempFolder folder;
    write_file(folder / "tools.json", nano.tools_json);
    const std::string file = folder / "chat.json";
    const std::string line = turns[0]["content"].get<std::string>() + "\n/save " + file + "\n";
    const Finished run = chat(line, {"--tools", folder / "tools.json"});
    EXPECT_TRUE(succeeded(run));
    const Json call = Json::parse(run.output);
    EXPECT_EQ(call["name"], "calculate");
    const Json answer = Json::parse(read_file(file))["messages"][1];
    EXPECT_EQ(answer["tool_calls"][0]["function"], call);
    return;
  }
  FAIL() << "no such case";
}

TEST(ChatTest, SaysOnOneLineWhatIsWrongWithACommand) {
  EXPECT_TRUE(failed(chat("/quti\n"), 1, {"/quti", "did you mean /quit?", "//"}));
  EXPECT_TRUE(failed(chat("/set temprature 1\n"), 1, {"did you mean temperature?"}));
  EXPECT_TRUE(failed(chat("/set top_p 7\n"), 1, {"top_p", "at most 1", "\"7\""}));
  EXPECT_TRUE(failed(chat("/clear all\n"), 1, {"/clear"}));
  const Finished more = chat(std::string("/quti\n") + kWolf + "/quit\nHello\n");
  EXPECT_EQ(more.exit_code, 1);
  EXPECT_EQ(more.output, kWolfAnswer) << "it goes on, and ends with /quit";
}

TEST(ChatTest, TellsCommandsSettingsAndNumbers) {
  const Finished run = chat(std::string("/help\n/set\n/system\n/stats\n") + kWolf + "/stats\n");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.output, kWolfAnswer);
  for (const char* word : {"/retry", "\"\"\"", "temperature -", "no system message",
                           "0 of 4096 tokens used", "tok/s", "of them cached", "seed"}) {
    EXPECT_TRUE(run.errors.contains(word)) << word << " in " << run.errors;
  }
}

TEST(ChatTest, CtrlCEndsAPipedChat) {
  Launch launch{.arguments = {"chat", "demo", "--temperature", "100", "--seed", "1", "--backend",
                              "reference", "--quiet"},
                .input = std::string(kStory) + kStory};
  Process process(launch);
  process.read_until([](const std::string& output) { return output.size() > 20; });
  process.send_signal(SIGINT);
  const Finished run = process.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_TRUE(run.output.ends_with('\n'));
}

TEST(ChatTest, WrongUsageIsOneLineWithAHint) {
  EXPECT_TRUE(failed(gerbil({"chat"}), 2, {"MODEL", "run 'gerbil chat --help'"}));
  EXPECT_TRUE(failed(gerbil({"chat", "demo", "Hello"}), 2, {"Hello"}));
  EXPECT_TRUE(failed(chat("", {"--color", "blue"}), 2, {"--color", "blue"}));
  EXPECT_TRUE(failed(chat("", {"--top-p", "7"}), 2, {"--top-p", "7"}));
  EXPECT_TRUE(failed(chat("", {"--load", "-"}), 2, {"standard input"}));
  EXPECT_TRUE(failed(chat("", {"--raw"}), 2, {"--raw"}));
  Launch full{.arguments = {"chat", "demo", "--quiet"}, .input = "Hello\n"};
  full.output_file = "/dev/full";
  EXPECT_TRUE(failed(gerbil(full), 1, {"standard output", "No space left"}));
}

}  // namespace
}  // namespace gerbil::testing
