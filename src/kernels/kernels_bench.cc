// Every registered kernel on the cases of real model sizes, beside what this machine can do at best
// (limit/read: bytes summed from memory; limit/fma: multiplications and additions in registers), in
// the same run:
//
//   gerbil_kernels_bench --benchmark_filter='limit|linear'
//
// GERBIL_BENCH_THREADS sets the team (default: every usable processor).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "kernels/registry.h"
#include "kernels/testing/all_cases.h"
#include "kernels/testing/bound_case.h"
#include "kernels/testing/limits.h"

namespace gerbil::kernels {
namespace {

using testing::BoundCase;
using testing::Case;
using testing::Purpose;

platform::ThreadPool& team() {
  static const char* const kThreads = std::getenv("GERBIL_BENCH_THREADS");
  static platform::ThreadPool pool(kThreads == nullptr ? 0 : std::atoi(kThreads));
  return pool;
}

void set_rates(benchmark::State& state, uint64_t bytes, uint64_t operations) {
  const auto per_second = [&](uint64_t each) {
    return benchmark::Counter(static_cast<double>(each),
                              benchmark::Counter::kIsIterationInvariantRate);
  };
  if (bytes > 0) state.counters["bytes"] = per_second(bytes);
  if (operations > 0) state.counters["flop"] = per_second(operations);
}

void run_case(benchmark::State& state, const Case& c, const KernelRow& kernel) {
  BoundCase bound(c, 1);
  bound.run(kernel, team());
  for (auto iteration : state) {
    (void)iteration;
    bound.run_again(kernel, team());
  }
  set_rates(state, c.bytes, c.operations);
}

void read_limit(benchmark::State& state) {
  const std::vector<float> numbers(size_t{64} << 20, 1.0f);
  for (auto iteration : state) {
    (void)iteration;
    benchmark::DoNotOptimize(testing::read_all(numbers, team()));
  }
  set_rates(state, numbers.size() * sizeof(float), 0);
}

void fma_limit(benchmark::State& state) {
  uint64_t operations = 0;
  for (auto iteration : state) {
    (void)iteration;
    operations = testing::multiply_add(team());
  }
  set_rates(state, 0, operations);
}

bool register_all() {
  benchmark::RegisterBenchmark("limit/read", read_limit)->UseRealTime();
  benchmark::RegisterBenchmark("limit/fma", fma_limit)->UseRealTime();
  for (const Case& c : testing::all_cases()) {
    if (c.purpose == Purpose::kTest) continue;
    const RowClass rows = row_class(c.rows());
    for (const KernelRow& kernel : registry()) {
      if (kernel.op != graph::kind_of(c.op) || kernel.level == Level::kReference) continue;
      if (rows < kernel.smallest || rows > kernel.largest) continue;
      const std::string name =
          std::string(graph::op_name(kernel.op)) + "/" + std::string(kernel.name) + "/" + c.name;
      benchmark::RegisterBenchmark(name.c_str(), [c, &kernel](benchmark::State& state) {
        run_case(state, c, kernel);
      })->UseRealTime();
    }
  }
  return true;
}

const bool kRegistered = register_all();

}  // namespace
}  // namespace gerbil::kernels
