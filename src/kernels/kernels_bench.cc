// Every registered kernel on the cases of real model sizes, with one thread and with one per usable
// processor, beside what this machine can do at best (limit/read: bytes summed from memory;
// limit/fma: multiplications and additions in registers; limit/int8: those of 8-bit integers, a
// product and its addition counted as one), in the same run:
//
//   gerbil_kernels_bench --benchmark_filter='(limit|linear).*threads:1/'
#include <benchmark/benchmark.h>

#include "kernels/machine_limits.h"
#include "kernels/registry.h"
#include "kernels/testing/all_cases.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels {
namespace {

using testing::BoundCase;
using testing::Case;
using testing::Purpose;

void set_rates(benchmark::State& state, uint64_t bytes, uint64_t operations) {
  const auto per_second = [&](uint64_t each) {
    return benchmark::Counter(static_cast<double>(each),
                              benchmark::Counter::kIsIterationInvariantRate);
  };
  if (bytes > 0) state.counters["bytes"] = per_second(bytes);
  if (operations > 0) state.counters["flop"] = per_second(operations);
}

// How many threads a benchmark runs on is its argument; 0: one per usable processor.
int threads(const benchmark::State& state) { return static_cast<int>(state.range(0)); }

void run_case(benchmark::State& state, const Case& c, const KernelRow& kernel) {
  platform::ThreadPool pool(threads(state));
  BoundCase bound(c, 1);
  bound.run(kernel, pool);
  for (auto iteration : state) {
    (void)iteration;
    bound.run_again(kernel, pool);
  }
  set_rates(state, c.bytes, c.operations);
}

void read_limit(benchmark::State& state) {
  platform::ThreadPool pool(threads(state));
  const std::vector<float> numbers(size_t{64} << 20, 1.0f);
  for (auto iteration : state) {
    (void)iteration;
    benchmark::DoNotOptimize(read_all(numbers, platform::best_isa(), pool));
  }
  set_rates(state, numbers.size() * sizeof(float), 0);
}

void fma_limit(benchmark::State& state) {
  platform::ThreadPool pool(threads(state));
  uint64_t operations = 0;
  for (auto iteration : state) {
    (void)iteration;
    operations = multiply_add(platform::best_isa(), pool);
  }
  set_rates(state, 0, operations);
}

void int8_limit(benchmark::State& state) {
  platform::ThreadPool pool(threads(state));
  uint64_t products = 0;
  for (auto iteration : state) {
    (void)iteration;
    products = multiply_add_int8(platform::best_isa(), pool);
  }
  set_rates(state, 0, products);
}

template <class F>
void register_one(const std::string& name, F function) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(0)
      ->UseRealTime();
}

bool register_all() {
  register_one("limit/read", read_limit);
  register_one("limit/fma", fma_limit);
  register_one("limit/int8", int8_limit);
  for (const Case& c : testing::all_cases()) {
    if (c.purpose == Purpose::kTest) continue;
    const RowClass rows = row_class(c.rows());
    for (const KernelRow& kernel : registry()) {
      if (kernel.op != graph::kind_of(c.op) || kernel.level == Level::kReference) continue;
      if (rows < kernel.smallest || rows > kernel.largest) continue;
      const std::string name =
          std::string(graph::op_name(kernel.op)) + "/" + std::string(kernel.name) + "/" + c.name;
      register_one(name, [c, &kernel](benchmark::State& state) { run_case(state, c, kernel); });
    }
  }
  return true;
}

const bool kRegistered = register_all();

}  // namespace
}  // namespace gerbil::kernels
