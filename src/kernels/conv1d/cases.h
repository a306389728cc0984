#pragma once

#include "kernels/conv1d/contract.h"
#include "kernels/testing/case.h"
#include "kernels/testing/slot_cases.h"

namespace gerbil::kernels::conv1d {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, int64_t kernel, bool silu,
                       std::vector<RunSpec> runs, Purpose purpose = Purpose::kTest) {
    const int64_t channels = x.heads * x.dim;
    const auto numbers = static_cast<uint64_t>(x.rows * channels);
    return Case{.name = name,
                .op = graph::Conv1d{kernel, silu},
                .inputs = {x},
                .outputs = {x},
                .weights = {{.rows = channels, .columns = kernel}},
                .slots = slots_of(channels * kernel, kMixedSlots),
                .batch = {.runs = std::move(runs)},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8,
                .operations = numbers * 2 * static_cast<uint64_t>(kernel)};
  };
  return {
      make("0 rows", rows_of(0, 64), 4, false, {}),
      make("1 row of a new sequence", rows_of(1, 5), 4, false, one_run(1, true)),
      make("1 row, tail", rows_of(1, 37), 4, true, one_run(1)),
      make("2 rows, shorter than the kernel", rows_of(2, 40), 4, true, one_run(2)),
      make("kernel of 1", rows_of(3, 19), 1, false, one_run(3)),
      make("kernel of 3", rows_of(6, 35), 3, true, one_run(6)),
      make("kernel of 7", rows_of(20, 67), 7, false, one_run(20)),
      make("ragged runs", rows_of(kMixedRows, 43), 4, true, mixed_runs()),
      make("ragged runs, gapped heads", gapped(kMixedRows, 3, 21), 4, false, mixed_runs()),
      make("1 row of 6144", rows_of(1, 6144), 4, true, one_run(1), Purpose::kBoth),
      make("512 rows of 6144", rows_of(512, 6144), 4, true, one_run(512), Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::conv1d
