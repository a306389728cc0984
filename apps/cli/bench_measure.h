// gerbil bench's measurements as plain values, and their making. Progress goes to standard error;
// nothing is printed. One thread; an interrupt ends the measuring after the step in flight, and
// what was measured until then is kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_profile.h"
#include "cli/options.h"
#include "cli/trace_file.h"
#include "gerbil/gerbil.h"

namespace gerbil::cli {

double median(std::vector<double> values);  // not empty

// A prompt read (prefill), or an answer written behind `depth` tokens (decode).
struct SpeedTest {
  bool decode = false;
  int64_t depth = 0;
  int64_t tokens = 0;
  std::vector<double> seconds;  // of every repetition, all tokens together
  Work work;                    // of a run
  std::optional<Profile> profile;

  std::string name() const;  // "decode 128 @ 2048"
  std::vector<double> tok_s() const;
};

// A picture encoded.
struct PictureSpeed {
  PictureTest test;
  PictureRun run;               // the last
  std::vector<double> seconds;  // of every repetition
  std::vector<double> prepare_seconds;
  std::vector<double> product_seconds;  // of `seconds`: multiplying by weights
  Work work;                            // of a run
  Work products;                        // of that: multiplying by weights
  std::optional<Profile> profile;

  std::string name() const;  // "picture 1024x768"
};

struct BenchReport {
  std::string name;  // of the model
  Plan plan;
  ModelInfo info;
  double cold_first_token_ms = 0;      // of the first prompt, right after loading
  std::vector<SpeedTest> tests;        // with at least one repetition
  std::vector<PictureSpeed> pictures;  // likewise
  // Of loading and measuring, before the machine was measured; the second sampled now and then.
  uint64_t peak_resident_bytes = 0;
  uint64_t peak_anonymous_bytes = 0;
  std::optional<MachineRates> machine;
  std::vector<std::string> notes;
  std::unique_ptr<TraceFile> trace;  // where one was asked for; not finished yet
  bool interrupted = false;
};

Result<BenchReport> measure(const BenchOptions& options);

}  // namespace gerbil::cli
