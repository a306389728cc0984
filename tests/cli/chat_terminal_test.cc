// gerbil chat as a person has it: a terminal of its own, keys typed one after the other. Nothing
// waits for a time, only for what must appear.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cctype>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/process.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

constexpr const char* kCtrlC = "\x03";
constexpr const char* kCtrlD = "\x04";
constexpr const char* kUp = "\x1b[A";
constexpr const char* kLeft = "\x1b[D";
constexpr const char* kErase = "\x7f";

class Person {
 public:
  explicit Person(std::vector<std::string> more = {}, uint16_t columns = 80,
                  const std::filesystem::path& home = {},
                  const std::map<std::string, std::string>& environment = {})
      : process_(
            launch(std::move(more), columns, home.empty() ? own_home_.path() : home, environment)),
        prompt_(environment.empty() ? ">\x1b[0m " : "> ") {}

  // Until this came behind what was seen before.
  void see(const std::string& text) {
    size_t at = std::string::npos;
    process_.read_until([&](const std::string& output) {
      at = output.find(text, seen_);
      shown_ = output;
      return at != std::string::npos;
    });
    ASSERT_NE(at, std::string::npos) << "never seen: " << text << "\nbut: " << shown_;
    seen_ = at + text.size();
  }
  void type(const std::string& keys) { process_.type(keys); }
  void see_prompt() { see(prompt_); }
  // At the next prompt.
  void say(const std::string& line) {
    see_prompt();
    type(line + "\r");
  }
  Finished leave() {
    see_prompt();
    type(kCtrlD);
    return process_.wait();
  }
  // What is on the screen's lines, without attributes.
  std::string shown() const {
    std::string text;
    for (size_t i = 0; i < shown_.size(); ++i) {
      if (shown_[i] == '\x1b' && i + 1 < shown_.size() && shown_[i + 1] == '[') {
        while (i < shown_.size() && !std::isalpha(static_cast<unsigned char>(shown_[i]))) ++i;
      } else if (shown_[i] != '\r') {
        text += shown_[i];
      }
    }
    return text;
  }
  Process& process() { return process_; }

 private:
  static Launch launch(std::vector<std::string> more, uint16_t columns,
                       const std::filesystem::path& home,
                       const std::map<std::string, std::string>& environment) {
    Launch launch{.arguments = {"chat", "demo"}, .terminal = true, .columns = columns};
    launch.arguments.insert(launch.arguments.end(), more.begin(), more.end());
    launch.environment = {{"TERM", "xterm"},
                          {"HOME", home.string()},
                          {"XDG_STATE_HOME", home / "state"},
                          {"LC_ALL", "C"}};
    for (const auto& [name, value] : environment) launch.environment[name] = value;
    return launch;
  }

  TempFolder own_home_;
  Process process_;
  std::string prompt_;
  size_t seen_ = 0;
  std::string shown_;
};

// The content of the first message in a saved chat.
std::string first_message(const std::filesystem::path& file) {
  const auto chat = nlohmann::json::parse(read_file(file), nullptr, false);
  return chat["messages"][0]["content"].get<std::string>();
}

TEST(ChatTerminalTest, AnswersAndLeavesWithCtrlD) {
  Person person;
  person.see("/help");
  person.say("Whose national symbol is the wolf?");
  person.see("The wolf is the symbol of Murandy.\r\n\r\n");
  const Finished run = person.leave();
  EXPECT_EQ(run.exit_code, 0);
}

TEST(ChatTerminalTest, EditsALineOfAnyScript) {
  Person person;
  person.see_prompt();
  person.type("/system ab\u65e5\u672c\U0001F44D" + std::string(kErase) + kErase + kLeft + kErase +
              "\u00e9\r");
  person.see("told so");
  person.say("/system");
  person.see("/system\r\n");
  person.see("a\u00e9\u65e5\r\n");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, CompletesCommands) {
  Person person;
  person.see_prompt();
  person.type("/sy\tBe brief.\r");
  person.see("told so");
  person.see_prompt();
  person.type("/set temp\t0.5\r");
  person.say("/set temperature");
  person.see("temperature 0.5\r\n");
  person.see_prompt();
  person.type("/s\t");
  for (const char* name : {"/system", "/set", "/save", "/stats"}) person.see(name);
  person.type(kCtrlC);
  person.see("^C\r\n");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, CtrlCStopsTheAnswerAndNotTheProgram) {
  Person person({"--temperature", "100", "--seed", "1", "--backend", "reference"});
  person.see_prompt();
  person.type("Tell me a story about a crow and a seed.\r");
  person.see("\r\n");
  person.see("\n");  // a whole line of the answer
  person.type(kCtrlC);
  person.see("(stopped; what was said stays in the chat)");
  person.say("/stats");
  person.see("2 messages; 1 answer of");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, CtrlCAtThePromptDropsTheLineAndSaysHowToLeave) {
  Person person;
  person.see_prompt();
  person.type("half a li");
  person.see("half a li");
  person.type(kCtrlC);
  person.see("^C\r\n");
  person.see_prompt();
  person.type(kCtrlC);
  person.see("Ctrl-D or /quit leaves");
  person.see_prompt();
  person.type(kCtrlC);
  person.see("Ctrl-D or /quit leaves");
  person.say("\"\"\"");
  person.see("...\x1b[0m ");
  person.type(kCtrlC);
  person.see("^C\r\n");
  person.say("/stats");
  person.see("0 messages");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, RemembersLinesFromChatToChat) {
  const TempFolder home;
  {
    Person person({}, 80, home.path());
    person.say("/set top_k 7");
    person.say("/system two\\words");
    person.see("told so");
    EXPECT_EQ(person.leave().exit_code, 0);
  }
  const std::filesystem::path file = home / "state/gerbil/chat_history";
  EXPECT_EQ(read_file(file), "/set top_k 7\n/system two\\\\words\n");
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  {
    Person person({}, 80, home.path());
    person.see_prompt();
    person.type(std::string(kUp) + "\r");
    person.see("told so");
    person.say("/system");
    person.see("/system\r\n");
    person.see("two\\words\r\n");
    EXPECT_EQ(person.leave().exit_code, 0);
  }
  const std::string before = read_file(file);
  {
    Person person({"--no-history"}, 80, home.path());
    person.see_prompt();
    person.type(std::string(kUp) + "/stats\r");
    person.see("0 messages");
    EXPECT_EQ(person.leave().exit_code, 0);
  }
  EXPECT_EQ(read_file(file), before);
}

TEST(ChatTerminalTest, APasteIsOneMessage) {
  const TempFolder folder;
  Person person({"--max-tokens", "2"});
  person.see_prompt();
  person.type("\x1b[200~one\r\ntwo\rthr\x1b[31mee\t!\r\x1b[201~");
  person.see("two");
  person.type("\r");
  person.see("cut off");
  person.say("/save " + (folder / "a.json").string());
  person.see("saved");
  EXPECT_EQ(first_message(folder / "a.json"), "one\ntwo\nthr[31mee\t!");

  person.say("/clear");
  person.see("a new chat");
  person.see_prompt();
  std::string many;
  for (int i = 0; i < 40; ++i) many += "line " + std::to_string(i) + "\n";
  person.type("Sort \x1b[200~" + many + "\x1b[201~ please\r");
  person.see("[pasted 40 lines]");
  person.see("cut off");
  person.say("/save " + (folder / "b.json").string());
  person.see("saved");
  EXPECT_EQ(first_message(folder / "b.json"),
            "Sort " + many.substr(0, many.size() - 1) + " please");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, SeveralLinesAreTypedWithBackslashQuotesOrAltEnter) {
  const TempFolder folder;
  Person person({"--max-tokens", "2"});
  person.say("one\\");
  person.see("...\x1b[0m ");
  person.type("two\r");
  person.see("cut off");
  person.say("/save " + (folder / "a.json").string());
  person.see("saved");
  EXPECT_EQ(first_message(folder / "a.json"), "one\ntwo");
  person.say("/clear");
  person.see_prompt();
  person.type("three\x1b\rfour\r");
  person.see("cut off");
  person.say("/save " + (folder / "b.json").string());
  person.see("saved");
  EXPECT_EQ(first_message(folder / "b.json"), "three\nfour");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, WrapsAtFortyColumns) {
  Person person({"--quiet"}, 40);
  person.say("Tell me a story about a crow and a seed.");
  person.see("little keys.");
  person.say("/help");
  person.see("Ctrl-D");
  person.see("leaves.");
  const std::string text = person.shown();
  size_t begin = text.find("Once upon a time");
  ASSERT_NE(begin, std::string::npos);
  int lines = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 40u) << text.substr(begin, end - begin);
    ++lines;
  }
  EXPECT_GT(lines, 20);
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, WorksWithoutColour) {
  for (const auto& [name, value] : {std::pair("NO_COLOR", "1"), std::pair("TERM", "dumb")}) {
    Person person({"--think"}, 80, {}, {{name, value}});
    person.say("What is 12 + 30?");
    person.see("| Ones: ");
    person.see("\r\n\r\n12 + 30 = 42.\r\n");
    const Finished run = person.leave();
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_FALSE(run.output.contains("\x1b[0;")) << name;
  }
}

TEST(ChatTerminalTest, GoesOnWithTheLineAfterAStop) {
  Person person;
  person.see_prompt();
  person.type("/system ab");
  person.see("/system ab");
  person.process().send_signal(SIGSTOP);
  person.process().send_signal(SIGCONT);
  person.see_prompt();
  person.see("/system ab");
  person.type("\x1a");  // Ctrl-Z: there is no shell that could go on with it
  person.see_prompt();
  person.see("/system ab");
  person.type("c\r");
  person.see("told so");
  person.say("/system");
  person.see("/system\r\n");
  person.see("abc\r\n");
  EXPECT_EQ(person.leave().exit_code, 0);
}

TEST(ChatTerminalTest, GivesTheTerminalBackAsItWas) {
  Person person;
  person.see_prompt();
  EXPECT_EQ(person.process().terminal_modes().c_lflag & ICANON, 0u);
  person.process().send_signal(SIGTERM);
  person.see("\x1b[?2004l");
  const termios modes = person.process().terminal_modes();
  EXPECT_NE(modes.c_lflag & ICANON, 0u);
  EXPECT_NE(modes.c_lflag & ECHO, 0u);
  EXPECT_EQ(person.process().wait().signal, SIGTERM);
}

}  // namespace
}  // namespace gerbil::testing
