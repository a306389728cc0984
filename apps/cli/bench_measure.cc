#include "cli/bench_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <random>

#include "cli/environment.h"
#include "cli/hub_environment.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

// A decode begins behind at least one token.
int64_t prompt_of(const SpeedTest& test) {
  return test.decode ? std::max<int64_t>(1, test.depth) : test.tokens;
}

std::vector<SpeedTest> tests_of(const BenchOptions& options) {
  std::vector<SpeedTest> tests;
  if (!options.text) return tests;
  tests.reserve(options.prompts.size() + options.depths.size() * options.tokens.size());
  for (const int64_t tokens : options.prompts) tests.push_back({.tokens = tokens});
  for (const int64_t depth : options.depths)
    for (const int64_t tokens : options.tokens)
      tests.push_back({.decode = true, .depth = depth, .tokens = tokens});
  return tests;
}

Status check_context(const std::vector<SpeedTest>& tests, int64_t context) {
  for (const SpeedTest& test : tests) {
    const int64_t needed = prompt_of(test) + (test.decode ? test.tokens : 0) + 1;
    if (needed > context)
      return std::unexpected(Error{ErrorCode::kInvalidArgument,
                                   fmt::format("{} needs a context of {} tokens, but it has {}",
                                               test.name(), needed, context)});
  }
  return {};
}

std::string model_name(const std::string& folder) {
  std::filesystem::path path(folder);
  if (path.filename().empty()) path = path.parent_path();  // "models/a/"
  return path.filename().string();
}

// Ends the run in flight when Ctrl-C is pressed.
class Interruption {
 public:
  Interruption() : listener_([this] { cancel(); }) {}
  bool happened() const { return listener_.interrupted(); }
  void watch(Session* session) {
    const std::lock_guard lock(mutex_);
    session_ = session;
    if (session != nullptr && happened()) session->cancel();
  }

 private:
  void cancel() {
    const std::lock_guard lock(mutex_);
    if (session_ != nullptr) session_->cancel();
  }

  std::mutex mutex_;
  Session* session_ = nullptr;
  InterruptListener listener_;  // last: it calls cancel()
};

class Bench {
 public:
  explicit Bench(const BenchOptions& options) : options_(options), status_(!options.quiet) {}

  Result<BenchReport> run() {
    if (Status done = load(); !done) return std::unexpected(done.error());
    interruption_.emplace();  // until here, Ctrl-C ends the program at once
    if (Status done = run_all(); !done && !interruption_->happened())
      return std::unexpected(done.error());
    report_.interrupted = interruption_->happened();
    std::erase_if(report_.tests, [](const SpeedTest& test) { return test.seconds.empty(); });
    std::erase_if(report_.pictures, [](const PictureSpeed& one) { return one.seconds.empty(); });
    return std::move(report_);
  }

 private:
  Status run_all() {
    int8_activations_ = report_.info.activations == "int8";
    report_.tests = tests_of(options_);
    if (Status good = check_context(report_.tests, report_.info.context); !good) return good;
    if (!report_.tests.empty())
      if (Status done = run_cold(report_.tests.front()); !done) return done;
    for (SpeedTest& test : report_.tests)
      if (Status done = time(test); !done) return done;
    for (const PictureTest& test : options_.pictures) {
      report_.pictures.push_back({.test = test});
      if (Status done = time(report_.pictures.back()); !done) return done;
    }
    const ProcessMemory memory = process_memory();
    report_.peak_resident_bytes = memory.peak_resident_bytes;
    status_.show("bench: measuring the machine");
    const Result<MachineRates> rates = engine_->measure_machine();
    if (!rates) return std::unexpected(rates.error());
    report_.machine = *rates;
    if (!options_.profile && options_.trace_file.empty()) return {};
    if (!options_.trace_file.empty()) {
      Result<std::unique_ptr<TraceFile>> trace = TraceFile::create(options_.trace_file);
      if (!trace) return std::unexpected(trace.error());
      report_.trace = *std::move(trace);
    }
    for (SpeedTest& test : report_.tests)
      if (Status done = profile(test); !done) return done;
    for (PictureSpeed& picture : report_.pictures) profile(picture);
    return {};
  }

  Status load() {
    LoadOptions load = options_.load;
    load.bundled_models = bundled_models_folder();
    load.hub = hub_from_environment();
    // A context that is too small is told before weights are read.
    Result<Plan> plan = gerbil::plan(load);
    if (!plan) return std::unexpected(plan.error());
    if (Status good = check_context(tests_of(options_), plan->context); !good) return good;
    report_.plan = *std::move(plan);
    report_.name = model_name(report_.plan.folder);
    load.on_progress = [this](uint64_t, uint64_t) { sample_memory(); };
    Result<std::unique_ptr<Engine>> engine = loader_.load(load);
    if (!engine) return std::unexpected(engine.error());
    engine_ = *std::move(engine);
    report_.notes = loader_.take_notes();
    report_.info = engine_->info();
    sample_memory();
    return {};
  }

  void sample_memory() {
    report_.peak_anonymous_bytes =
        std::max(report_.peak_anonymous_bytes, process_memory().anonymous_bytes);
  }

  // The same tokens for every test of a length.
  std::vector<int32_t> random_tokens(int64_t count) const {
    std::mt19937_64 random(options_.seed);
    std::vector<int32_t> tokens(static_cast<size_t>(count));
    for (int32_t& token : tokens)
      token = static_cast<int32_t>(random() % static_cast<uint64_t>(report_.info.vocab_size));
    return tokens;
  }

  Result<Answer> generate(Session& session, const std::vector<int32_t>& prompt, int64_t tokens) {
    Request request{.prompt = TokenIds{prompt}, .max_tokens = tokens, .min_tokens = 0};
    request.sampling = {
        .temperature = 0, .repetition_penalty = 1, .presence_penalty = 0, .frequency_penalty = 0};
    request.ignore_eos = true;
    interruption_->watch(&session);
    Result<Answer> answer = session.generate(request);
    interruption_->watch(nullptr);
    if (answer && static_cast<int64_t>(answer->token_ids.size()) != tokens)
      return std::unexpected(Error{
          ErrorCode::kInternal,
          fmt::format("an answer of {} tokens, expected {}", answer->token_ids.size(), tokens)});
    sample_memory();
    return answer;
  }

  Status run_cold(const SpeedTest& test) {
    status_.show("bench: first token");
    const auto session = engine_->new_session();
    if (!session) return std::unexpected(session.error());
    const auto answer = generate(**session, random_tokens(prompt_of(test)), 1);
    if (!answer) return std::unexpected(answer.error());
    report_.cold_first_token_ms = answer->timings.prefill_ms;
    return {};
  }

  // A run of the test, in seconds. Prompts are read anew each time; decodes of one session find
  // theirs in the cache.
  Result<double> run_once(const SpeedTest& test, Session& session) {
    const auto answer =
        generate(session, random_tokens(prompt_of(test)), test.decode ? test.tokens + 1 : 1);
    if (!answer) return std::unexpected(answer.error());
    return (test.decode ? answer->timings.decode_ms : answer->timings.prefill_ms) / 1e3;
  }

  // Runs it with every step of the tested kind shown to `on_step`.
  Status run_shown(const SpeedTest& test, Session& session, const OnStep& on_step) {
    bool answering = false;
    engine_->set_profiler([&](const StepProfile& step) {
      if (!test.decode || answering) on_step(step);
      answering = answering || step.drawn > 0;
    });
    const Result<double> done = run_once(test, session);
    engine_->set_profiler({});
    return done ? Status() : std::unexpected(done.error());
  }

  Status time(SpeedTest& test) {
    auto session = engine_->new_session();
    if (!session) return std::unexpected(session.error());
    status_.show(fmt::format("bench: {}: warming up", test.name()));
    const Status warm = run_shown(test, **session, [&](const StepProfile& step) {
      for (const OpCall& call : step.calls) test.work.add(call, int8_activations_);
    });
    if (!warm) return warm;
    for (int64_t i = 0; i < options_.repetitions; ++i) {
      status_.show(fmt::format("bench: {}: {} of {}", test.name(), i + 1, options_.repetitions));
      if (!test.decode) {
        session->reset();
        session = engine_->new_session();
        if (!session) return std::unexpected(session.error());
      }
      const Result<double> seconds = run_once(test, **session);
      if (!seconds) return std::unexpected(seconds.error());
      test.seconds.push_back(*seconds);
    }
    return {};
  }

  // A picture's runs are all timed operation by operation: these are few and long.
  Status time(PictureSpeed& picture) {
    for (int64_t i = 0; i <= options_.repetitions && !interruption_->happened(); ++i) {
      status_.show(i == 0 ? std::string("bench: picture: warming up")
                          : fmt::format("bench: picture: {} of {}", i, options_.repetitions));
      Result<PictureRun> run = engine_->measure_picture(picture.test);
      if (!run) return std::unexpected(run.error());
      sample_memory();
      if (i == 0) {
        for (const OpCall& call : run->step.calls) {
          picture.work.add(call, int8_activations_);
          if (multiplies_rows(call.op)) picture.products.add(call, int8_activations_);
        }
        continue;
      }
      picture.run = *std::move(run);
      picture.seconds.push_back(picture.run.step.seconds);
      picture.prepare_seconds.push_back(picture.run.prepare_seconds);
      double products = 0;
      for (const OpCall& call : picture.run.step.calls)
        if (multiplies_rows(call.op)) products += call.seconds;
      picture.product_seconds.push_back(products);
    }
    return {};
  }

  // The last of its runs.
  void profile(PictureSpeed& picture) {
    if (picture.seconds.empty()) return;
    const StepProfile& step = picture.run.step;
    if (report_.trace) {
      report_.trace->step(step);
      report_.trace->slice(picture.name(), "run", step.start_s, step.seconds);
    }
    if (!options_.profile) return;
    picture.profile.emplace(*report_.machine, int8_activations_);
    picture.profile->add(step);
  }

  Status profile(SpeedTest& test) {
    status_.show(fmt::format("bench: {}: profiling", test.name()));
    auto session = engine_->new_session();
    if (!session) return std::unexpected(session.error());
    if (test.decode && test.depth > 1) {  // what stands before it is no part of the test
      const auto before = generate(**session, random_tokens(prompt_of(test)), 1);
      if (!before) return std::unexpected(before.error());
    }
    Profile sums(*report_.machine, int8_activations_);
    double begin = 0;
    double end = 0;
    const Status done = run_shown(test, **session, [&](const StepProfile& step) {
      if (begin == 0) begin = step.start_s;
      end = step.start_s + step.seconds;
      sums.add(step);
      if (report_.trace) report_.trace->step(step);
    });
    if (!done) return done;
    if (report_.trace) report_.trace->slice(test.name(), "run", begin, end - begin);
    if (options_.profile) test.profile = std::move(sums);
    return {};
  }

  const BenchOptions& options_;
  StatusLine status_;
  ModelLoader loader_;
  std::unique_ptr<Engine> engine_;
  bool int8_activations_ = false;
  BenchReport report_;
  std::optional<Interruption> interruption_;
};

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string SpeedTest::name() const {
  if (!decode) return fmt::format("prefill {}", tokens);
  return depth == 0 ? fmt::format("decode {}", tokens)
                    : fmt::format("decode {} @ {}", tokens, depth);
}

std::string PictureSpeed::name() const {
  return fmt::format("picture {}x{}", run.width, run.height);
}

std::vector<double> SpeedTest::tok_s() const {
  std::vector<double> speeds;
  speeds.reserve(seconds.size());
  for (const double each : seconds)
    speeds.push_back(each > 0 ? static_cast<double>(tokens) / each : 0);
  return speeds;
}

Result<BenchReport> measure(const BenchOptions& options) { return Bench(options).run(); }

}  // namespace gerbil::cli
