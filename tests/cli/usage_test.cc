// Command lines that make no sense, and prompts that cannot be answered.
#include <gtest/gtest.h>

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

struct Wrong {
  std::vector<std::string> arguments;
  std::vector<std::string> words;
};

TEST(UsageTest, WrongUsageIsOneLineWithAHint) {
  const std::vector<Wrong> all = {
      {{}, {"no command", "run 'gerbil --help'"}},
      {{"rum"}, {"rum", "run 'gerbil --help'"}},
      {{"--verison"}, {"--verison", "run 'gerbil --help'"}},
      {{"run"}, {"MODEL", "run 'gerbil run --help'"}},
      {{"run", "demo", "one", "two"}, {"two"}},
      {{"run", "demo", "Hi", "--picture", "cat.png"}, {"--picture", "run 'gerbil run --help'"}},
      {{"run", "demo", "Hi", "--sound=crow.wav"}, {"--sound"}},
      {{"run", "demo", "Hi", "--max-tokens"}, {"--max-tokens"}},
      {{"run", "demo", "Hi", "--max-tokens", "0"}, {"--max-tokens", "\"0\""}},
      {{"run", "demo", "Hi", "--max-tokens", "12x"}, {"--max-tokens", "12x"}},
      {{"run", "demo", "Hi", "--temperature", "-1"}, {"--temperature", "-1"}},
      {{"run", "demo", "Hi", "--temperature", "nan"}, {"--temperature", "nan"}},
      {{"run", "demo", "Hi", "--temperature", "101"}, {"--temperature", "0 to 100", "101"}},
      {{"run", "demo", "Hi", "--top-k", "1.5"}, {"--top-k", "1.5"}},
      {{"run", "demo", "Hi", "--top-p", "0"}, {"--top-p"}},
      {{"run", "demo", "Hi", "--top-p", "1.01"}, {"--top-p"}},
      {{"run", "demo", "Hi", "--min-p", "2"}, {"--min-p"}},
      {{"run", "demo", "Hi", "--seed", "18446744073709551616"}, {"--seed"}},
      {{"run", "demo", "Hi", "--stop", ""}, {"--stop"}},
      {{"run", "demo", "Hi", "--repetition-penalty", "0"}, {"--repetition-penalty", "above 0"}},
      {{"run", "demo", "Hi", "--presence-penalty", "2.1"}, {"--presence-penalty", "-2 to 2"}},
      {{"run", "demo", "Hi", "--frequency-penalty", "x"}, {"--frequency-penalty", "\"x\""}},
      {{"run", "demo", "Hi", "--logit-bias", "5"}, {"--logit-bias", "ID=BIAS", "\"5\""}},
      {{"run", "demo", "Hi", "--logit-bias", "5=101"}, {"--logit-bias", "-100 to 100"}},
      {{"run", "demo", "Hi", "--logit-bias", "-5=1"}, {"--logit-bias"}},
      {{"run", "demo", "Hi", "--logit-bias", "=1"}, {"--logit-bias"}},
      {{"run", "demo", "Hi", "--stop-token", "-1"}, {"--stop-token", "\"-1\""}},
      {{"run", "demo", "Hi", "--logprobs", "2"}, {"--logprobs", "--json"}},
      {{"run", "demo", "Hi", "--json", "--logprobs", "21"}, {"--logprobs", "0 to 20"}},
      {{"run", "demo", "Hi", "--thinking-budget", "-1"}, {"--thinking-budget"}},
      {{"run", "demo", "Hi", "--raw", "--thinking-budget", "5"}, {"--raw", "--thinking-budget"}},
      {{"run", "demo", "Hi", "--continue"}, {"--continue", "--messages"}},
      {{"run", "demo", "Hi", "--threads", "-1"}, {"--threads"}},
      {{"run", "demo", "Hi", "--batch", "0"}, {"--batch"}},
      {{"run", "demo", "Hi", "--batch", "65537"}, {"--batch"}},
      {{"run", "demo", "Hi", "--context", "0"}, {"--context"}},
      {{"run", "demo", "Hi", "--backend", "webgpu"}, {"--backend", "webgpu", "not in this build"}},
      {{"run", "demo", "Hi", "--backend", "cuda"}, {"--backend", "cuda", "reference"}},
      {{"run", "demo", "Hi", "--quant", "q5"}, {"--quant", "q5", "stored", "q4"}},
      {{"run", "demo", "Hi", "--kv", "q4"}, {"--kv", "q4", "f16, q8"}},
      {{"run", "demo", "Hi", "--activations", "int4"}, {"--activations", "int4", "f32, int8"}},
      {{"run", "demo", "Hi", "--isa", "sse9"}, {"--isa", "sse9", "baseline", "avx2", "neon"}},
      {{"run", "demo", "Hi", "--think", "--no-think"}, {"--think", "--no-think"}},
      {{"run", "demo", "Hi", "--raw", "--think"}, {"--raw"}},
      {{"run", "demo", "Hi", "--raw", "--system", "Be brief."}, {"--raw", "--system"}},
      {{"run", "demo", "Hi", "--messages", "m.json"}, {"--messages", "PROMPT"}},
      {{"run", "demo", "--messages", "m.json", "--raw"}, {"--messages", "--raw"}},
      {{"run", "demo", "--messages", ""}, {"--messages"}},
      {{"run", "demo", "--messages", "-", "--tools", "-"}, {"standard input"}},
      {{"tokenize"}, {"MODEL", "run 'gerbil tokenize --help'"}},
      {{"template", "demo"}, {"--messages", "run 'gerbil template --help'"}},
      {{"forward", "demo", "--input-ids", "1"}, {"--output", "run 'gerbil forward --help'"}},
      {{"plan"}, {"MODEL", "run 'gerbil plan --help'"}},
      {{"plan", "demo", "Hi"}, {"unexpected", "Hi", "run 'gerbil plan --help'"}},
      {{"plan", "demo", "--context", "0"}, {"--context"}},
      {{"plan", "demo", "--quant", "4"}, {"--quant", "4", "stored"}},
      {{"forward", "demo", "-o", "x"}, {"--input-ids", "--prompt", "--inputs"}},
      {{"forward", "demo", "-o", "x", "--prompt", "a", "--input-ids", "1"}, {"one of"}},
      {{"forward", "demo", "-o", "x", "--input-ids", ""}, {"--input-ids"}},
      {{"forward", "demo", "-o", "x", "--input-ids", "1,,2"}, {"--input-ids"}},
      {{"forward", "demo", "-o", "x", "--input-ids", "1,2,"}, {"--input-ids"}},
      {{"forward", "demo", "-o", "x", "--input-ids", "-1"}, {"--input-ids", "-1"}},
      {{"forward", "demo", "-o", "x", "--input-ids", "2147483648"}, {"2147483648"}},
      {{"forward", "demo", "-o", "x", "--input-ids", "1", "--kv", "int8"}, {"--kv", "q8"}},
  };
  for (const Wrong& wrong : all) {
    const Finished run = gerbil(wrong.arguments);
    EXPECT_TRUE(failed(run, 2, wrong.words)) << ::testing::PrintToString(wrong.arguments);
    EXPECT_TRUE(run.errors.contains("; run 'gerbil")) << run.errors;
  }
}

TEST(UsageTest, LongWordsAreCutInErrors) {
  const std::string nines(5000, '9');
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"run", "demo", "Hi", "--seed", nines},
                                             {"run", "demo", "Hi", nines},
                                             {"run", "demo", "Hi", "--" + nines},
                                             {"forward", "demo", "-o", "x", "--input-ids", nines},
                                             {nines}}) {
    const Finished run = gerbil(arguments);
    EXPECT_TRUE(failed(run, 2, {"999..."}));
    EXPECT_LT(run.errors.size(), 300u);
  }
}

TEST(UsageTest, NobodyWaitsForAPromptAtATerminal) {
  for (const std::string command : {"run", "tokenize"}) {
    const Finished run = gerbil(Launch{.arguments = {command, "demo"}, .terminal = true});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_TRUE(run.output.contains("; run 'gerbil " + command + " --help'")) << run.output;
  }
  EXPECT_TRUE(failed(gerbil({"run", "demo"}), 1, {"prompt", "empty"})) << "an empty pipe";
}

TEST(UsageTest, PromptsThatLookLikeSomethingElseArePrompts) {
  for (const std::string prompt : {"run", "[a, b]", "{}", "%", "-5 plus 3", "a=b"}) {
    const Finished run = gerbil({"tokenize", "demo", prompt});
    EXPECT_TRUE(succeeded(run)) << prompt;
    const Finished same = gerbil(Launch{.arguments = {"tokenize", "demo"}, .input = prompt});
    EXPECT_EQ(run.output, same.output) << prompt;
  }
  EXPECT_TRUE(succeeded(gerbil({"tokenize", "demo", "--", "--help"})));
}

TEST(UsageTest, BadPromptsAreErrors) {
  EXPECT_TRUE(failed(gerbil({"run", "demo", ""}), 1, {"prompt", "empty"}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "", "--raw"}), 1, {"prompt", "empty"}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "caf\xe9"}), 1, {"prompt", "UTF-8", "0xE9"}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--system", "\xc0\x80"}), 1, {"UTF-8"}));
  EXPECT_TRUE(
      failed(gerbil(Launch{.arguments = {"run", "demo"}, .input = "\xed\xa0\x80"}), 1, {"UTF-8"}));
  std::string words;
  for (int i = 0; i < 400; ++i) words += "feather ";
  EXPECT_TRUE(failed(gerbil({"run", "demo", words, "--context", "64"}), 1, {"context", "64"}));
}

TEST(UsageTest, BadFilesAreErrors) {
  const TempFolder folder;
  const std::string none = folder / "none.json";
  EXPECT_TRUE(failed(gerbil({"run", "demo", "--messages", none}), 1, {none, "No such file"}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--tools", none}), 1, {none}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "--messages", folder.path()}), 1,
                     {folder.path().string(), "directory"}));
  EXPECT_TRUE(failed(gerbil({"run", "demo", "--messages", "/dev/zero"}), 1, {"64 MiB"}));
  write_file(folder / "bad.json", "[{\"role\": \"user\"");
  EXPECT_TRUE(
      failed(gerbil({"run", "demo", "--messages", folder / "bad.json"}), 1, {folder / "bad.json"}));
  write_file(folder / "object.json", "{}");
  EXPECT_TRUE(failed(gerbil({"run", "demo", "Hi", "--tools", folder / "object.json"}), 1,
                     {folder / "object.json"}));
}

TEST(UsageTest, WithoutAChatTemplateThereIsTheRawPrompt) {
  CheckpointCopy copy(demo_folder());
  copy.remove("chat_template.jinja");
  copy.edit_json("tokenizer_config.json", [](nlohmann::json& all) { all.erase("chat_template"); });
  EXPECT_TRUE(failed(gerbil({"run", copy.path(), "Hi"}), 1, {"chat template", "--raw"}));
  const Finished raw = gerbil({"run", copy.path(), "Hi", "--raw", "--max-tokens", "3", "--quiet"});
  EXPECT_TRUE(succeeded(raw));
}

TEST(UsageTest, WithoutATokenizerThereIsNoPrompt) {
  EXPECT_TRUE(failed(gerbil({"run", model_folder("qwen3-tiny"), "Hi"}), 1, {"tokenizer"}));
  EXPECT_TRUE(failed(gerbil({"run", model_folder("qwen3-tiny"), "Hi", "--raw"}), 1, {"tokenizer"}));
}

}  // namespace
}  // namespace gerbil::testing
