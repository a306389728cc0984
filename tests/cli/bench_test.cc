// gerbil bench: what its numbers must keep to, whatever the machine does; its lists, its trace, and
// the interface it measures through. No time is compared with another machine's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/expect.h"
#include "cli/process.h"
#include "gerbil/gerbil.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

Json bench_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bench");
  arguments.emplace_back("--json");
  const Finished run = gerbil(arguments);
  EXPECT_TRUE(succeeded(run));
  EXPECT_EQ(run.output.find('\n'), run.output.size() - 1);
  return Json::parse(run.output);
}

void check_speeds(const Json& test, size_t repetitions) {
  std::vector<double> all = test["tok_s_all"];
  ASSERT_EQ(all.size(), repetitions);
  for (const double speed : all) EXPECT_GT(speed, 0);
  std::ranges::sort(all);
  const double middle = (all[(repetitions - 1) / 2] + all[repetitions / 2]) / 2;
  EXPECT_NEAR(test["tok_s"].get<double>(), middle, middle * 1e-5);
  EXPECT_GT(test["read_bytes_per_token"], 0);
  EXPECT_GT(test["operations_per_token"], 0);
  EXPECT_GT(test["limit_share"], 0);
}

TEST(BenchTest, MeasuresEveryLengthAndDepth) {
  const Json report = bench_json({"demo", "-p", "16,40", "-n", "3", "--depth", "0,20", "-r", "3",
                                  "--threads", "2", "--batch", "32"});
  ASSERT_EQ(report["prefill"].size(), 2u);
  ASSERT_EQ(report["decode"].size(), 2u);
  EXPECT_EQ(report["prefill"][0]["tokens"], 16);
  EXPECT_EQ(report["prefill"][1]["tokens"], 40);
  for (const Json& test : report["prefill"]) check_speeds(test, 3);
  for (const Json& test : report["decode"]) {
    check_speeds(test, 3);
    EXPECT_EQ(test["tokens"], 3);
  }
  EXPECT_EQ(report["decode"][0]["depth"], 0);
  EXPECT_EQ(report["decode"][1]["depth"], 20);

  const Json& model = report["model"];
  EXPECT_EQ(model["name"], "qwen3_5-nano-vl");
  EXPECT_EQ(model["architecture"], "Qwen3_5ForConditionalGeneration");
  EXPECT_GT(model["parameters"], 5'000'000);
  EXPECT_GE(model["bytes"], 2 * model["parameters"].get<int64_t>() / 8);
  const Json& choices = report["choices"];
  EXPECT_EQ(choices["backend"], "cpu");
  EXPECT_NE(choices["isa"], "");
  EXPECT_EQ(choices["threads"], 2);
  EXPECT_EQ(choices["batch"], 32);
  EXPECT_EQ(report["version"], version());

  EXPECT_GT(report["load_ms"], 0);
  EXPECT_EQ(report["first_token"]["tokens"], 16);
  EXPECT_GT(report["first_token"]["cold_ms"], 0);
  EXPECT_NEAR(report["first_token"]["warm_ms"].get<double>() *
                  report["prefill"][0]["tok_s"].get<double>() / 1000,
              16, 1e-3);
  EXPECT_GT(report["memory"]["peak_anonymous_bytes"], 0);
  EXPECT_GE(report["memory"]["peak_resident_bytes"], report["memory"]["peak_anonymous_bytes"]);
  const Json& machine = report["machine"];
  for (const std::string rate : {"read_bytes_s", "int8_macs_s", "f32_flops_s"}) {
    EXPECT_GT(machine[rate + "_one_thread"], 0) << rate;
    EXPECT_GE(machine[rate], machine[rate + "_one_thread"]) << rate;
  }
  EXPECT_FALSE(report.contains("profile"));
}

// Pictures alone, unless a length of text is named too.
TEST(BenchTest, MeasuresPictures) {
  const std::string file = (data_folder() / "nano/vl_seen_media/images/c023_0.png").string();
  const Json report = bench_json({"demo", "--image-size", "96x128,160x96", "--image", file, "-r",
                                  "2", "--threads", "2", "--profile"});
  EXPECT_TRUE(report["prefill"].empty());
  EXPECT_TRUE(report["decode"].empty());
  EXPECT_FALSE(report.contains("first_token"));
  ASSERT_EQ(report["pictures"].size(), 3u);
  ASSERT_EQ(report["profile"].size(), 3u);
  for (const Json& picture : report["pictures"]) {
    EXPECT_EQ(picture["patches"], 4 * picture["tokens"].get<int64_t>());
    EXPECT_EQ(picture["ms_all"].size(), 2u);
    EXPECT_GT(picture["ms"], 0);
    EXPECT_GT(picture["prepare_ms"], 0);
    EXPECT_GT(picture["limit_share"], 0);
    EXPECT_GT(picture["products_limit_share"], 0);
    EXPECT_LT(picture["products_ms"], picture["ms"]);
    EXPECT_LT(picture["products_operations"], picture["operations"]);
  }
  EXPECT_EQ(report["pictures"][0]["width"], 96);
  EXPECT_EQ(report["pictures"][0]["height"], 128);
  EXPECT_EQ(report["profile"][1]["test"], "picture 160x96");

  const Json both = bench_json(
      {"demo", "--image-size", "64x64", "-p", "8", "-n", "2", "-r", "1", "--threads", "1"});
  EXPECT_EQ(both["prefill"].size(), 1u);
  EXPECT_EQ(both["pictures"].size(), 1u);

  const Finished text = gerbil({"bench", "demo", "--image-size", "96x96", "-r", "1", "--quiet"});
  EXPECT_TRUE(succeeded(text));
  for (const std::string words : {"picture 96x96 ", "  its matrix products "})
    EXPECT_TRUE(text.output.contains(words)) << words << "\n" << text.output;
}

TEST(BenchTest, BadPicturesAreWrongUsageOrAnError) {
  for (const std::string value : {"", "64", "64x", "x64", "0x64", "64x-1", "64x64,", "65537x1"})
    EXPECT_TRUE(failed(gerbil({"bench", "demo", "--image-size", value}), 2, {"--image-size"}))
        << value;
  EXPECT_TRUE(failed(gerbil({"bench", "demo", "--image", "none.png"}), 1, {"none.png"}));
  EXPECT_TRUE(failed(gerbil({"bench", model_folder("qwen3-tiny"), "--image-size", "64x64"}), 1,
                     {"takes text alone"}));
}

// The demo's head is its embedding table: a token reads every weight, and of the table no row more.
TEST(BenchTest, CountsWhatATokenReads) {
  const Json report = bench_json({"demo", "-p", "8", "-n", "2", "--depth", "0,1024", "-r", "1",
                                  "--threads", "1", "--quant", "stored"});
  const double weights = report["model"]["bytes"];
  const double shallow = report["decode"][0]["read_bytes_per_token"];
  const double deep = report["decode"][1]["read_bytes_per_token"];
  EXPECT_GT(shallow, weights);
  EXPECT_LT(shallow, weights * 1.2);
  // 2 layers with K and V of 2 heads of 64 in f16; both begin behind the first token.
  EXPECT_EQ(std::round(deep - shallow), 1023 * 2 * 2 * 2 * 64 * 2);
  // Two operations for each weight that is multiplied: nearly all.
  const double parameters = report["model"]["parameters"];
  EXPECT_GT(report["decode"][0]["operations_per_token"], 1.8 * parameters);
  EXPECT_LT(report["decode"][0]["operations_per_token"], 2.5 * parameters);
}

TEST(BenchTest, AnEvenNumberOfRepetitionsHasItsMedianInBetween) {
  const Json report =
      bench_json({"demo", "-p", "8", "-n", "2", "-r", "2", "--threads", "1", "--seed", "7"});
  check_speeds(report["prefill"][0], 2);
  check_speeds(report["decode"][0], 2);
}

TEST(BenchTest, TheTableFitsATerminal) {
  const Finished run = gerbil({"bench", "demo", "-p", "16", "-n", "2", "-d", "0,1000", "-r", "2",
                               "--threads", "1", "--profile", "--quiet", "--quant", "stored"});
  EXPECT_TRUE(succeeded(run));
  for (const std::string words :
       {"qwen3_5-nano-vl: Qwen3_5ForConditionalGeneration", "quant stored", "prefill 16  ",
        "decode 2  ", "decode 2 @ 1000  ", "loaded in ", "first token ",
        "memory at its peak: ", "GB/s read", "profile of prefill 16: 1 step, ",
        "profile of decode 2 @ 1000: 2 steps, ", "\n  mlp.down ", "\nlayer "})
    EXPECT_TRUE(run.output.contains(words)) << words << "\n" << run.output;
  for (size_t begin = 0; begin < run.output.size();) {
    const size_t end = run.output.find('\n', begin);
    EXPECT_LE(end - begin, 80u) << run.output.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(BenchTest, NeedsNoTokenizer) {
  const Json report = bench_json({model_folder("qwen3-tiny-sharded"), "-p", "8", "-n", "2", "-r",
                                  "1", "--threads", "1", "--isa", "baseline"});
  EXPECT_EQ(report["choices"]["isa"], "baseline");
  EXPECT_EQ(report["model"]["architecture"], "Qwen3ForCausalLM");
  const Json reference = bench_json({model_folder("qwen3-tiny"), "-p", "4", "-n", "1", "-r", "1",
                                     "--backend", "reference", "--quant", "f32"});
  EXPECT_EQ(reference["choices"]["isa"], "");
  EXPECT_EQ(reference["choices"]["quant"], "f32");
  EXPECT_EQ(reference["choices"]["kv"], "f32");
}

TEST(BenchTest, OfExpertsATokenReadsThoseItUses) {
  const Json report = bench_json(
      {model_folder("qwen3_moe-tiny"), "-p", "8", "-n", "2", "-r", "1", "--threads", "1"});
  EXPECT_LT(report["model"]["active_parameters"], report["model"]["parameters"]);
  EXPECT_LT(report["decode"][0]["read_bytes_per_token"], report["model"]["bytes"]);
}

TEST(BenchTest, BadListsAreWrongUsage) {
  const auto refused = [](const std::string& option, const std::string& value) {
    return failed(gerbil({"bench", "demo", option, value}), 2, {option, "gerbil bench --help"});
  };
  for (const std::string option : {"--prompt", "--tokens"})
    for (const std::string value : {"0", "", "8,", "8,,9", "8 9", "x", "-1", "8,8", "16777217"})
      EXPECT_TRUE(refused(option, value)) << option << " " << value;
  EXPECT_TRUE(refused("--depth", "-1"));
  EXPECT_TRUE(refused("--repetitions", "0"));
  EXPECT_TRUE(refused("--trace", ""));
  EXPECT_TRUE(failed(gerbil({"bench", "demo", "-n", "0"}), 2, {"-n", "from 1", "\"0\""}));
  EXPECT_TRUE(failed(gerbil({"bench"}), 2, {"MODEL"}));
}

TEST(BenchTest, WhatDoesNotFitTheContextIsToldWithNumbers) {
  EXPECT_TRUE(
      failed(gerbil({"bench", "demo", "-d", "0,4000"}), 1, {"decode 128 @ 4000", "4129", "4096"}));
  EXPECT_TRUE(failed(gerbil({"bench", "demo", "-p", "512", "--context", "512"}), 1,
                     {"prefill 512", "513", "512"}));
  EXPECT_TRUE(failed(gerbil({"bench", "/nowhere"}), 1, {"/nowhere"}));
}

double sum(const Json& rows, const std::string& field) {
  double total = 0;
  for (const Json& row : rows) total += row[field].get<double>();
  return total;
}

TEST(BenchTest, AProfileAddsUp) {
  const Json report = bench_json({"demo", "-p", "40", "-n", "5", "--depth", "12", "-r", "1",
                                  "--threads", "2", "--batch", "32", "--profile"});
  ASSERT_EQ(report["profile"].size(), 2u);
  EXPECT_EQ(report["profile"][0]["test"], "prefill 40");
  EXPECT_EQ(report["profile"][0]["steps"], 2);  // of at most 32 rows
  EXPECT_EQ(report["profile"][1]["test"], "decode 5 @ 12");
  EXPECT_EQ(report["profile"][1]["steps"], 5);
  for (const Json& profile : report["profile"]) {
    const double ms = sum(profile["ops"], "ms");
    EXPECT_GT(ms, 0);
    EXPECT_LE(ms, profile["ms"].get<double>() * 1.0001);
    for (const std::string part : {"parts", "layers"}) {
      EXPECT_NEAR(sum(profile[part], "ms"), ms, ms * 1e-3) << part;
      for (const std::string field : {"calls", "bytes", "operations"})
        EXPECT_EQ(sum(profile[part], field), sum(profile["ops"], field)) << part << " " << field;
    }
    ASSERT_EQ(profile["layers"].size(), 9u);  // 8, and what is in none
    EXPECT_EQ(profile["layers"][7]["layer"], 7);
    EXPECT_TRUE(profile["layers"][8]["layer"].is_null());
    double last = INFINITY;
    for (const Json& op : profile["ops"]) {
      EXPECT_LE(op["ms"], last);
      EXPECT_GE(op["limit_share"], 0);
      last = op["ms"];
    }
  }
  const Json& parts = report["profile"][1]["parts"];
  const auto down =
      std::ranges::find_if(parts, [](const Json& row) { return row["part"] == "mlp.down"; });
  ASSERT_NE(down, parts.end());
  EXPECT_EQ((*down)["op"], "linear");
  EXPECT_EQ((*down)["calls"], 5 * 8);
}

struct Slice {
  double begin, end;
  bool holds(const Slice& other) const {
    return begin <= other.begin + 1e-2 && other.end <= end + 1e-2;  // microseconds
  }
};

TEST(BenchTest, ATraceNestsCallsInStepsInRuns) {
  const TempFolder folder;
  const std::string file = folder / "trace.json";
  const Finished run = gerbil({"bench", "demo", "-p", "40", "-n", "3", "-r", "1", "--threads", "2",
                               "--batch", "32", "--quiet", "--trace", file});
  EXPECT_TRUE(succeeded(run));
  EXPECT_FALSE(run.output.contains("profile of"));
  const Json trace = Json::parse(read_file(file));
  std::vector<Slice> runs, steps, ops;
  int64_t layers = 0;
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "M") continue;
    ASSERT_EQ(event["ph"], "X");
    const double begin = event["ts"];
    const double duration = event["dur"];
    EXPECT_GE(begin, 0);
    EXPECT_GE(duration, 0);
    const std::string category = event["cat"];
    (category == "run"    ? runs
     : category == "step" ? steps
                          : ops)
        .push_back({begin, begin + duration});
    if (category != "op") continue;
    EXPECT_GE(event["args"]["rows"], 1);
    EXPECT_TRUE(event["args"]["place"].is_string());
    layers += event["args"].contains("layer") ? 1 : 0;
  }
  EXPECT_EQ(runs.size(), 2u);
  EXPECT_EQ(steps.size(), 2u + 3u);
  EXPECT_GT(layers, static_cast<int64_t>(ops.size()) / 2);
  const auto in = [](const std::vector<Slice>& outer, const Slice& slice) {
    return std::ranges::count_if(outer, [&](const Slice& of) { return of.holds(slice); });
  };
  for (const Slice& step : steps) EXPECT_EQ(in(runs, step), 1);
  for (const Slice& op : ops) EXPECT_EQ(in(steps, op), 1);
  for (size_t i = 1; i < ops.size(); ++i) EXPECT_LE(ops[i - 1].end, ops[i].begin + 1e-2);
}

TEST(BenchTest, ATraceThatCannotBeWrittenIsAnError) {
  const TempFolder folder;
  EXPECT_TRUE(failed(gerbil({"bench", "demo", "--trace", folder / "no" / "trace.json"}), 1,
                     {"no/trace.json", "cannot be written"}));
  EXPECT_TRUE(failed(gerbil({"bench", "demo", "--trace", folder.path()}), 1,
                     {folder.path(), "cannot be written"}));
  // What was measured is told all the same.
  const auto full = [](const Finished& run) {
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_TRUE(run.output.contains("prefill 8")) << run.output;
    EXPECT_TRUE(run.errors.starts_with("gerbil: error: ")) << run.errors;
    EXPECT_TRUE(run.errors.contains("cannot be written")) << run.errors;
  };
  full(gerbil(
      {"bench", "demo", "-p", "8", "-n", "1", "-r", "1", "--quiet", "--trace", "/dev/full"}));
  full(gerbil(Launch{
      .arguments = {"-c", "ulimit -f 1; exec \"$@\"", "sh", GERBIL_PROGRAM, "bench", "demo", "-p",
                    "8", "-n", "1", "-r", "1", "--quiet", "--trace", folder / "trace.json"},
      .program = "/bin/sh"}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(BenchTest, CtrlCShowsWhatWasMeasured) {
  Process process(
      {.arguments = {"bench", "demo", "-p", "8", "-n", "500", "-r", "1000"}, .terminal = true});
  process.read_until(
      [](const std::string& output) { return output.contains("decode 500: 2 of 1000"); });
  process.send_signal(SIGINT);
  const Finished run = process.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_TRUE(run.output.contains("prefill 8  ")) << run.output;
  EXPECT_TRUE(run.output.contains("decode 500  ")) << run.output;
}

// ---- the interface it measures through

TEST(ProfilerTest, ShowsEveryStepUntilItIsTakenAway) {
  const auto engine =
      Engine::load({.model = demo_folder(), .quant = Quant::kStored, .threads = 2, .batch = 16});
  ASSERT_TRUE(engine) << engine.error().message;
  const auto session = (*engine)->new_session();
  ASSERT_TRUE(session);
  std::vector<StepProfile> steps;
  (*engine)->set_profiler([&](const StepProfile& step) { steps.push_back(step); });
  Request request{.prompt = TokenIds{std::vector<int32_t>(40, 5)}, .max_tokens = 3};
  request.ignore_eos = true;
  const auto answer = (*session)->generate(request);
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(steps.size(), 3u + 2u);
  double last = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const StepProfile& step = steps[i];
    EXPECT_EQ(step.rows, i < 2 ? 16 : i == 2 ? 8 : 1);
    EXPECT_EQ(step.sequences, 1);
    EXPECT_EQ(step.drawn, i < 2 ? 0 : 1);
    EXPECT_GT(step.calls.size(), 50u);
    EXPECT_GE(step.start_s, last);
    last = step.start_s;
    for (const OpCall& call : step.calls) {
      EXPECT_GE(call.start_s, last);
      EXPECT_GE(call.seconds, 0);
      EXPECT_GE(call.rows, 1);
      EXPECT_LE(call.rows, step.rows);
      EXPECT_FALSE(call.op.empty() || call.kernel.empty());
      EXPECT_LT(call.layer, 8);
      last = call.start_s + call.seconds;
    }
    EXPECT_LE(last, step.start_s + step.seconds);
    last = step.start_s + step.seconds;
  }
  // Nothing is sampled in a step that draws nothing.
  EXPECT_GT(steps[2].calls.size(), steps[1].calls.size());

  (*engine)->set_profiler({});
  ASSERT_TRUE((*session)->generate(request));
  EXPECT_EQ(steps.size(), 5u);
}

TEST(ProfilerTest, AProfileChangesNoAnswer) {
  const auto engine =
      Engine::load({.model = model_folder("qwen3-tiny"), .quant = Quant::kStored, .threads = 2});
  ASSERT_TRUE(engine) << engine.error().message;
  Request request{.prompt = TokenIds{{1, 2, 3, 4, 5}}, .max_tokens = 8};
  request.ignore_eos = true;
  std::vector<std::vector<int32_t>> answers;
  for (const bool profiled : {false, true}) {
    int steps = 0;
    if (profiled) (*engine)->set_profiler([&](const StepProfile&) { ++steps; });
    const auto session = (*engine)->new_session();
    const auto answer = (*session)->generate(request);
    ASSERT_TRUE(answer) << answer.error().message;
    answers.push_back(answer->token_ids);
    EXPECT_EQ(steps, profiled ? 8 : 0);
    (*engine)->set_profiler({});
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST(ProfilerTest, TheMachineIsMeasuredAtRest) {
  const auto engine =
      Engine::load({.model = model_folder("qwen3-tiny"), .quant = Quant::kStored, .threads = 1});
  ASSERT_TRUE(engine) << engine.error().message;
  const auto rates = (*engine)->measure_machine();
  ASSERT_TRUE(rates) << rates.error().message;
  EXPECT_GT(rates->read_bytes_s, 0);
  EXPECT_GT(rates->int8_products_s, 0);
  EXPECT_GT(rates->f32_operations_s, 0);
  ASSERT_TRUE((*engine)->start());
  const auto driven = (*engine)->measure_machine();
  ASSERT_FALSE(driven);
  EXPECT_TRUE(driven.error().message.contains("at rest")) << driven.error().message;
  const ProcessMemory memory = process_memory();
  EXPECT_GT(memory.anonymous_bytes, 0u);
  EXPECT_LE(memory.anonymous_bytes, memory.resident_bytes);
}

}  // namespace
}  // namespace gerbil::testing
