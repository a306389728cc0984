// A bench report for a person (a table that fits 80 columns) and for programs (one JSON object,
// described in docs/benchmarks.md). Pure functions.
#pragma once

#include <string>

#include "cli/bench_measure.h"

namespace gerbil::cli {

std::string bench_text(const BenchReport& report);
std::string bench_json(const BenchReport& report);

// What part of the time a run would take at the machine's rates, in [0, 1] but for luck; 0: the
// machine was not measured.
double limit_share(const BenchReport& report, const SpeedTest& test);
double limit_share(const BenchReport& report, const PictureSpeed& picture);
// The same of its multiplications by weights alone.
double products_limit_share(const BenchReport& report, const PictureSpeed& picture);
// Bytes of weights and states that a token reads.
double read_bytes_per_token(const SpeedTest& test);
// Multiplications and additions.
double operations(const Work& work);
double operations_per_token(const SpeedTest& test);

}  // namespace gerbil::cli
