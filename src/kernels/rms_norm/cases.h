#pragma once

#include "kernels/rms_norm/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::rms_norm {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, bool weight = true,
                       Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    Case c{.name = name,
           .op = graph::RmsNorm{1e-6f},
           .inputs = {x},
           .outputs = {x},
           .purpose = purpose,
           .tolerance = kTolerance,
           .bytes = numbers * 8,
           .operations = numbers * 4};
    if (weight) c.weights = {{.columns = x.dim, .mean = 1, .shift = x.shift}};
    return c;
  };
  Case large = make("mean square far above eps", rows_of(3, 100));
  large.inputs[0].mean = 300;
  Case zero = make("a row of zeros", rows_of(1, 40));
  zero.inputs[0].values.assign(40, 0.0f);
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 37)),
      make("gapped heads", gapped(5, 3, 19)),
      make("gapped heads, without a weight", gapped(5, 3, 19), false),
      large,
      zero,
      make("many short heads", heads_of(70, 8, 16)),
      make("1 row of 1024", rows_of(1, 1024), true, Purpose::kBoth),
      make("1 row, 16 heads of 128", heads_of(1, 16, 128), true, Purpose::kBoth),
      make("512 rows of 1024", rows_of(512, 1024), true, Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::rms_norm
