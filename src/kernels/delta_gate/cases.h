#pragma once

#include "kernels/delta_gate/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::delta_gate {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, float scale = 3,
                       Purpose purpose = Purpose::kTest) {
    x.scale = scale;
    const auto numbers = static_cast<uint64_t>(x.rows * x.dim);
    return Case{.name = name,
                .op = graph::DeltaGate{},
                .inputs = {x, x},
                .outputs = {x, x},
                .weights = {{.columns = x.dim}, {.columns = x.dim, .shift = 1}},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 16};
  };
  Case extremes = make("far from zero", rows_of(1, 12));
  extremes.inputs[0].values = {-90, -60, -30, -20, -17, -5, 17, 19.9f, 20.1f, 30, 60, 90};
  extremes.inputs[1].values = {-200, -100, -89, -50, -17, 0, 17, 50, 89, 100, 150, 200};
  extremes.weights[0].values.assign(12, 0.0f);
  extremes.weights[1].values.assign(12, 0.0f);
  return {
      make("0 rows", rows_of(0, 16)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 19)),
      make("gaps between rows", gapped(5, 1, 23)),
      make("large", rows_of(40, 16), 30),
      extremes,
      make("1 row of 16", rows_of(1, 16), 3, Purpose::kBoth),
      make("512 rows of 16", rows_of(512, 16), 3, Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::delta_gate
