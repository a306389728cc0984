#pragma once

#include <cmath>

#include "kernels/delta_rule/contract.h"
#include "kernels/testing/case.h"
#include "kernels/testing/slot_cases.h"

namespace gerbil::kernels::delta_rule {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  struct Heads {
    int64_t k_heads, v_heads, dk, dv;
  };
  // q and k are about as long as the norm before this operation makes them.
  const auto make = [](const char* name, Heads h, int64_t rows, std::vector<RunSpec> runs,
                       Purpose purpose = Purpose::kTest) {
    const float length = 1.0f / std::sqrt(static_cast<float>(h.dk));
    ViewSpec q = heads_of(rows, h.k_heads, h.dk);
    ViewSpec k = q;
    q.scale = length * length;
    k.scale = length;
    const ViewSpec v = heads_of(rows, h.v_heads, h.dv);
    ViewSpec gate = rows_of(rows, h.v_heads);
    ViewSpec beta = gate;
    for (int64_t i = 0; i < rows * h.v_heads; ++i) {  // decays from 1 to e^-4, most close to 1
      const auto spread = static_cast<float>(i * 7919 % 97) / 97.0f;
      gate.values.push_back(-4 * spread * spread * spread * spread * spread);
      beta.values.push_back(static_cast<float>(i * 104729 % 89 + 1) / 90.0f);
    }
    const auto states = static_cast<uint64_t>(h.v_heads * h.dk * h.dv);
    const auto numbers = static_cast<uint64_t>(rows);
    return Case{.name = name,
                .op = graph::DeltaRule{},
                .inputs = {q, k, v, gate, beta},
                .outputs = {v},
                .slots = slots_of(h.v_heads * h.dk * h.dv, kMixedSlots),
                .batch = {.runs = std::move(runs)},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = states * 8,
                .operations = states * numbers * 7};
  };
  const auto gaps = [](Case c) {  // q | k | v as one convolution makes them
    for (size_t i : {0, 1, 2}) {
      c.inputs[i].row_gap = 11 + static_cast<int64_t>(i);
      c.inputs[i].shift = 1;
    }
    c.outputs[0].head_gap = 3;
    return c;
  };
  return {
      make("0 rows", {1, 1, 16, 16}, 0, {}),
      make("1 row of a new sequence", {1, 1, 4, 4}, 1, one_run(1, true)),
      make("1 row, tails", {1, 2, 7, 19}, 1, one_run(1)),
      make("ratio 3, dk and dv differ", {2, 6, 16, 40}, 9, one_run(9)),
      make("63 rows", {1, 2, 16, 32}, 63, one_run(63)),
      make("64 rows, new", {2, 2, 16, 32}, 64, one_run(64, true)),
      make("65 rows", {2, 4, 16, 32}, 65, one_run(65)),
      make("131 rows, tails", {1, 3, 13, 21}, 131, one_run(131)),
      gaps(make("ragged runs", {2, 4, 16, 32}, kMixedRows, mixed_runs())),
      gaps(make("ragged runs, tails", {1, 2, 19, 37}, kMixedRows, mixed_runs())),
      make("1 row, 16 heads of 128", {16, 16, 128, 128}, 1, one_run(1), Purpose::kBoth),
      make("200 rows, 4 heads of 128", {2, 4, 128, 128}, 200, one_run(200)),
      make("512 rows, 16 heads of 128", {16, 16, 128, 128}, 512, one_run(512), Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::delta_rule
