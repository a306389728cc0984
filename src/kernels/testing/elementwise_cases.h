// Cases of an operation on `inputs` values of equal shape, element by element.
#pragma once

#include "kernels/testing/case.h"

namespace gerbil::kernels::testing {

inline std::vector<Case> elementwise_cases(graph::Op op, size_t inputs, double tolerance) {
  const auto make = [&](const char* name, ViewSpec x, Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    x.scale = 3;
    return Case{.name = name,
                .op = op,
                .inputs = std::vector<ViewSpec>(inputs, x),
                .outputs = {x},
                .purpose = purpose,
                .tolerance = tolerance,
                .bytes = numbers * 4 * (inputs + 1),
                .operations = numbers};
  };
  Case mixed = make("an input with gaps, an output without", heads_of(4, 5, 21));
  mixed.inputs.front() = gapped(4, 5, 21);
  Case large = make("from -110 to 110", rows_of(1, 441));
  for (ViewSpec& x : large.inputs)
    for (int i = 0; i < 441; ++i) x.values.push_back(static_cast<float>(i - 220) * 0.5f);
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 37)),
      make("gapped heads", gapped(5, 3, 19)),
      make("heads of 1", gapped(6, 5, 1)),
      mixed,
      large,
      make("300 rows of 100", rows_of(300, 100)),
      make("1 row of 3072", rows_of(1, 3072), Purpose::kBoth),
      make("512 rows of 3072", rows_of(512, 3072), Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::testing
