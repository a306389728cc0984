// gerbil run, as a person or a script uses it: what comes out, and where.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
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

NanoCase first_case(std::string_view task, bool thinking = false) {
  for (const NanoCase& nano : nano_cases("vl")) {
    if (nano.task == task && nano.enable_thinking == thinking) return nano;
  }
  throw std::runtime_error("no such case");
}

// The case's chat from a file, and its answer as --json says it.
Json answer_of(const NanoCase& nano, std::vector<std::string> more = {}) {
  const TempFolder folder;
  write_file(folder / "messages.json", nano.messages_json);
  std::vector<std::string> arguments = {"run", "demo", "--messages", folder / "messages.json",
                                        "--json"};
  if (!nano.tools_json.empty()) {
    write_file(folder / "tools.json", nano.tools_json);
    arguments.insert(arguments.end(), {"--tools", folder / "tools.json"});
  }
  if (nano.enable_thinking) arguments.emplace_back("--think");
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Finished run = gerbil(arguments);
  EXPECT_TRUE(succeeded(run));
  return Json::parse(run.output, nullptr, false);
}

TEST(RunTest, AnswersAPromptOnStandardOutputAlone) {
  const Finished run = gerbil({"run", "demo", "Whose national symbol is the wolf?", "--quiet"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "The wolf is the symbol of Murandy.\n");
}

TEST(RunTest, SaysOnStandardErrorWhatItSkippedAndHowWeightsAreHeld) {
  const Finished run = gerbil({"run", "demo", "Whose national symbol is the wolf?"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.output, "The wolf is the symbol of Murandy.\n");
  EXPECT_TRUE(run.errors.starts_with("gerbil: note: ")) << run.errors;
  EXPECT_TRUE(run.errors.contains("vision") && run.errors.contains("mtp")) << run.errors;
  EXPECT_TRUE(run.errors.contains("gerbil: note: weights are held at q8: ")) << run.errors;
  EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 2) << run.errors;
}

TEST(RunTest, FlagsOfTheAnswerReachIt) {
  const NanoCase nano = first_case("kb", /*thinking=*/true);
  const Json plain = answer_of(nano);
  EXPECT_FALSE(plain.contains("logprobs"));
  EXPECT_FALSE(plain.contains("thinking_end"));
  const std::vector<int> ids = plain.at("token_ids");
  const Json cut = answer_of(nano, {"--thinking-budget", "2", "--logprobs", "3"});
  EXPECT_EQ(cut.at("reasoning_tokens"), 2);
  EXPECT_EQ(cut.at("thinking_end"), "budget");
  EXPECT_FALSE(cut.at("text").get<std::string>().empty());
  ASSERT_FALSE(cut.at("logprobs").empty());
  const Json first = cut.at("logprobs").at(0);
  EXPECT_EQ(first.at("id"), ids[0]);
  EXPECT_EQ(first.at("top_logprobs").size(), 3u);
  EXPECT_LE(first.at("logprob").get<double>(), 0);

  const Json stopped = answer_of(nano, {"--stop-token", std::to_string(ids[1])});
  EXPECT_EQ(stopped.at("token_ids").size(), 2u);
  const std::string never = std::to_string(ids[0]) + "=-100";
  EXPECT_NE(answer_of(nano, {"--logit-bias", never}).at("token_ids").at(0), ids[0]);
  EXPECT_NE(answer_of(nano, {"--repetition-penalty", "50", "--presence-penalty", "2",
                             "--frequency-penalty", "2"})
                .at("token_ids"),
            plain.at("token_ids"));
}

TEST(RunTest, GoesOnWithAnUnfinishedMessage) {
  const TempFolder folder;
  write_file(folder / "m.json",
             R"([{"role": "user", "content": "Whose national symbol is the wolf?"},
                 {"role": "assistant", "content": "The wolf is the"}])");
  const Finished run =
      gerbil({"run", "demo", "--messages", folder / "m.json", "--continue", "--quiet"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, " symbol of Murandy.\n");
}

TEST(RunTest, ReadsThePromptFromStandardInput) {
  const std::string question = "Whose national symbol is the wolf?";
  const std::string answer = "The wolf is the symbol of Murandy.\n";
  for (const std::string end : {"", "\n", "\r\n"}) {
    const Finished absent =
        gerbil(Launch{.arguments = {"run", "demo", "--quiet"}, .input = question + end});
    EXPECT_TRUE(succeeded(absent));
    EXPECT_EQ(absent.output, answer);
  }
  const Finished dash =
      gerbil(Launch{.arguments = {"run", "demo", "-", "--quiet"}, .input = question});
  EXPECT_TRUE(succeeded(dash));
  EXPECT_EQ(dash.output, answer);
}

TEST(RunTest, PutsTheSystemMessageFirst) {
  const NanoCase nano = first_case("arith");
  const Json messages = Json::parse(nano.messages_json);
  ASSERT_EQ(messages.size(), 2u);
  const Finished run = gerbil({"run", "demo", messages[1]["content"].get<std::string>(), "--system",
                               messages[0]["content"].get<std::string>(), "--json"});
  ASSERT_TRUE(succeeded(run));
  const Json answer = Json::parse(run.output);
  EXPECT_EQ(answer["prompt_tokens"], nano.input_ids.size());
  EXPECT_EQ(answer["token_ids"], Json(nano.answer_ids));
}

TEST(RunTest, TellsTheWholeAnswerAsJson) {
  const NanoCase nano = first_case("kb");
  const Json answer = answer_of(nano);
  std::vector<std::string> keys;
  for (const auto& [key, value] : answer.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"finish_reason", "prompt_tokens", "reasoning", "text",
                                            "timings", "token_ids", "tool_calls"}));
  EXPECT_EQ(answer["text"], nano.final_text);
  EXPECT_EQ(answer["reasoning"], "");
  EXPECT_EQ(answer["tool_calls"], Json::array());
  EXPECT_EQ(answer["token_ids"], Json(nano.answer_ids));
  EXPECT_EQ(answer["finish_reason"], "stop");
  EXPECT_EQ(answer["prompt_tokens"], nano.input_ids.size());
  for (const char* time : {"load_ms", "prefill_ms", "decode_ms", "tok_s"}) {
    ASSERT_TRUE(answer["timings"].contains(time)) << time;
    EXPECT_GT(answer["timings"][time].get<double>(), 0) << time;
  }
  EXPECT_EQ(answer["timings"].size(), 4u);
}

TEST(RunTest, SplitsThinkingOff) {
  const NanoCase nano = first_case("kb", /*thinking=*/true);
  const Json answer = answer_of(nano);
  EXPECT_EQ(answer["text"], nano.final_text);
  EXPECT_EQ(answer["token_ids"], Json(nano.answer_ids));
  const std::string reasoning = answer["reasoning"].get<std::string>();
  EXPECT_FALSE(reasoning.empty());
  EXPECT_TRUE(nano.answer_text.contains(reasoning)) << reasoning;
  EXPECT_FALSE(reasoning.contains("think>")) << reasoning;

  const std::string question = Json::parse(nano.messages_json)[0]["content"].get<std::string>();
  const Finished piped = gerbil({"run", "demo", question, "--think", "--quiet"});
  EXPECT_TRUE(succeeded(piped));
  EXPECT_EQ(piped.output, nano.final_text + "\n") << "a pipe gets no reasoning";

  const Finished shown = gerbil(Launch{.arguments = {"run", "demo", question, "--think"},
                                       .environment = {{"TERM", "xterm"}},
                                       .terminal = true});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_TRUE(shown.output.contains("\x1b[2m")) << shown.output;
  EXPECT_TRUE(shown.output.ends_with("\r\n\r\n" + nano.final_text + "\r\n")) << shown.output;

  const Finished plain = gerbil(Launch{.arguments = {"run", "demo", question, "--think"},
                                       .environment = {{"TERM", "xterm"}, {"NO_COLOR", "1"}},
                                       .terminal = true});
  EXPECT_FALSE(plain.output.contains('\x1b')) << plain.output;
  EXPECT_TRUE(plain.output.contains("<think>") && plain.output.contains("</think>"))
      << plain.output;
}

TEST(RunTest, ParsesToolCalls) {
  const NanoCase nano = first_case("tool");
  const Json answer = answer_of(nano);
  EXPECT_EQ(answer["text"], "");
  EXPECT_EQ(answer["tool_calls"],
            Json::parse(R"([{"name": "calculate", "arguments": {"a": 192, "b": 386}}])"));

  const TempFolder folder;
  write_file(folder / "messages.json", nano.messages_json);
  write_file(folder / "tools.json", nano.tools_json);
  const Finished run = gerbil({"run", "demo", "--messages", folder / "messages.json", "--tools",
                               folder / "tools.json", "--quiet"});
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output, "{\"name\":\"calculate\",\"arguments\":{\"a\":192,\"b\":386}}\n");
}

TEST(RunTest, TakesRawTextAsItIs) {
  const NanoCase nano = first_case("repeat");
  const Finished run = gerbil({"run", "demo", nano.prompt, "--raw", "--json"});
  ASSERT_TRUE(succeeded(run));
  const Json answer = Json::parse(run.output);
  EXPECT_EQ(answer["token_ids"], Json(nano.answer_ids));
  EXPECT_EQ(answer["prompt_tokens"], nano.input_ids.size());
}

TEST(RunTest, EndsAtMaxTokens) {
  const NanoCase nano = first_case("story");
  const Json answer = answer_of(nano, {"--max-tokens", "5"});
  EXPECT_EQ(answer["finish_reason"], "length");
  EXPECT_EQ(answer["token_ids"],
            Json(std::vector<int32_t>(nano.answer_ids.begin(), nano.answer_ids.begin() + 5)));
}

TEST(RunTest, EndsAtTheFirstOfSeveralStops) {
  const NanoCase nano = first_case("story");
  const size_t end = nano.final_text.find("One day");
  ASSERT_NE(end, std::string::npos);
  const Json answer = answer_of(nano, {"--stop", "never said", "--stop", "One day"});
  EXPECT_EQ(answer["finish_reason"], "stop");
  EXPECT_EQ(answer["text"], nano.final_text.substr(0, end));
}

TEST(RunTest, EndsWhereTheContextEnds) {
  const NanoCase nano = first_case("story");
  const int64_t context = static_cast<int64_t>(nano.input_ids.size()) + 8;
  const Json answer = answer_of(nano, {"--context", std::to_string(context)});
  EXPECT_EQ(answer["finish_reason"], "context");
  EXPECT_LE(
      answer["prompt_tokens"].get<int64_t>() + static_cast<int64_t>(answer["token_ids"].size()),
      context + 1);
}

TEST(RunTest, ASeedMeansTheSameForAnyThreadsAndBatch) {
  const auto draw = [](const std::string& seed, std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "run",     "demo",         "Tell me a story about a crow and a seed.",
        "--seed",  seed,           "--temperature",
        "5",       "--top-k",      "50",
        "--top-p", "0.99",         "--min-p",
        "0.001",   "--max-tokens", "40",
        "--json",  "--quant",      "stored"};  // int8 activations may round otherwise
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished run = gerbil(arguments);
    EXPECT_TRUE(succeeded(run));
    return Json::parse(run.output)["token_ids"];
  };
  const Json first = draw("7", {});
  EXPECT_EQ(first, draw("7", {"--threads", "1", "--batch", "3"}));
  EXPECT_NE(first, draw("8", {}));
}

TEST(RunTest, TellsSpeedsAndChoicesWhenAsked) {
  const Finished run =
      gerbil({"run", "demo", "Add 25 and 70.", "--stats", "--quiet", "--kv", "f32", "--quant",
              "stored", "--batch", "64", "--threads", "2", "--context", "300"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 2) << run.errors;
  for (const char* word : {"prompt", "tok/s", "loaded in", "Qwen3_5ForConditionalGeneration",
                           "quant stored", "kv f32", "2 threads", "batch 64", "context 300"}) {
    EXPECT_TRUE(run.errors.contains(word)) << word << " in " << run.errors;
  }
}

TEST(RunTest, EveryTypeOfCacheGivesTheSameAnswer) {
  for (const std::string kv : {"auto", "f32", "f16", "q8"}) {
    const Finished run =
        gerbil({"run", "demo", "Whose national symbol is the wolf?", "--kv", kv, "--stats"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.output, "The wolf is the symbol of Murandy.\n") << kv;
    EXPECT_TRUE(run.errors.contains("kv " + (kv == "auto" ? "f16" : kv))) << run.errors;
  }
}

// The levels that this machine has: what the error about one that no machine has both of names.
std::vector<std::string> isas_of_this_machine() {
  std::vector<std::string> isas;
  for (const char* other : {"neon", "avx2"}) {
    const Finished run = gerbil({"run", "demo", "Hi", "--isa", other, "--quiet"});
    const std::string tail = ": this processor has ";
    const size_t at = run.errors.find(tail);
    if (run.exit_code == 0 || at == std::string::npos) continue;
    EXPECT_TRUE(failed(run, 1, {"isa", other, "baseline"}));
    std::string list = run.errors.substr(at + tail.size());
    std::ranges::replace(list, ',', ' ');
    std::istringstream words(list);
    for (std::string word; words >> word;) isas.push_back(word);
    break;
  }
  return isas;
}

TEST(RunTest, EveryInstructionSetOfTheMachineGivesTheSameAnswer) {
  const std::vector<std::string> isas = isas_of_this_machine();
  ASSERT_FALSE(isas.empty());
  EXPECT_EQ(isas.front(), "baseline");
  for (const std::string& isa : isas)
    for (const char* quant : {"stored", "q8"}) {
      const Finished run = gerbil({"run", "demo", "Whose national symbol is the wolf?", "--isa",
                                   isa, "--quant", quant, "--stats", "--quiet"});
      EXPECT_EQ(run.exit_code, 0) << run.errors;
      EXPECT_EQ(run.output, "The wolf is the symbol of Murandy.\n") << isa << " " << quant;
      EXPECT_TRUE(run.errors.contains(", " + isa + ", ")) << run.errors;
    }
}

TEST(RunTest, TheReferenceHasNoChoiceOfInstructionSets) {
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--backend", "reference", "--isa", "baseline"}),
                     1, {"isa baseline", "reference"}));
}

TEST(RunTest, BothBackendsGiveTheSameAnswer) {
  for (const char* backend : {"reference", "cpu", "auto"}) {
    const Finished run = gerbil({"run", "demo", "Whose national symbol is the wolf?", "--backend",
                                 backend, "--quant", "f32", "--quiet"});
    EXPECT_TRUE(succeeded(run)) << backend;
    EXPECT_EQ(run.output, "The wolf is the symbol of Murandy.\n") << backend;
  }
}

TEST(RunTest, FindsTheBundledModelsWhereTheEnvironmentSays) {
  const TempFolder folder;
  const Finished missing = gerbil(Launch{.arguments = {"run", "demo", "Hello"},
                                         .environment = {{"GERBIL_MODELS", folder.path()}}});
  EXPECT_TRUE(failed(missing, 1, {folder.path().string()}));
  const Finished found =
      gerbil(Launch{.arguments = {"run", "demo", "Whose national symbol is the wolf?", "--quiet"},
                    .environment = {{"GERBIL_MODELS", source_folder() / "models"}}});
  EXPECT_TRUE(succeeded(found));
  EXPECT_EQ(found.output, "The wolf is the symbol of Murandy.\n");
}

// A long answer: nearly every token is as likely as any other.
Launch long_answer(std::vector<std::string> more = {}) {
  Launch launch{.arguments = {"run", "demo", "Tell me a story about a crow and a seed.",
                              "--temperature", "100", "--seed", "1", "--backend", "reference",
                              "--quiet"}};
  launch.arguments.insert(launch.arguments.end(), more.begin(), more.end());
  return launch;
}

TEST(RunTest, CtrlCKeepsThePartialText) {
  Process process(long_answer());
  process.read_until([](const std::string& output) { return output.size() > 20; });
  process.send_signal(SIGINT);
  const Finished run = process.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_GT(run.output.size(), 20u);
  EXPECT_TRUE(run.output.ends_with('\n'));
  EXPECT_EQ(run.errors, "");
}

TEST(RunTest, CtrlCBeforeTheAnswerEndsAtOnce) {
  Process process(long_answer({"--json"}));
  process.send_signal(SIGINT);  // perhaps before the program is up: the default does the same
  const Finished run = process.wait();
  EXPECT_TRUE(run.exit_code == 130 || run.signal == SIGINT) << run.exit_code;
}

TEST(RunTest, AClosedStandardOutputEndsQuietly) {
  Process process(long_answer());
  process.read_until([](const std::string& output) { return !output.empty(); });
  process.close_output();
  const Finished run = process.wait();
  EXPECT_EQ(run.signal, SIGPIPE);
  EXPECT_EQ(run.errors, "");
}

TEST(RunTest, AFullDiskIsAnError) {
  Launch launch{.arguments = {"run", "demo", "Hello", "--quiet"}};
  launch.output_file = "/dev/full";
  EXPECT_TRUE(failed(gerbil(launch), 1, {"standard output", "No space left"}));
}

}  // namespace
}  // namespace gerbil::testing
