#pragma once

#include "kernels/layer_norm/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::layer_norm {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    return Case{.name = name,
                .op = graph::LayerNorm{1e-6f},
                .inputs = {x},
                .outputs = {x},
                .weights = {{.columns = x.dim, .mean = 1, .shift = x.shift}, {.columns = x.dim}},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8,
                .operations = numbers * 7};
  };
  Case off = make("a mean far from zero", rows_of(3, 100));
  off.inputs[0].mean = 10;
  Case zero = make("a row of zeros", rows_of(1, 40));
  zero.inputs[0].values.assign(40, 0.0f);
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 37)),
      make("shorter than a vector", rows_of(2, 3)),
      make("gapped heads", gapped(5, 3, 19)),
      off,
      zero,
      make("many short rows", rows_of(700, 16)),
      make("1 row of 768", rows_of(1, 768), Purpose::kBoth),
      make("512 rows of 1152", rows_of(512, 1152), Purpose::kBoth),
      make("4096 rows of 768", rows_of(4096, 768), Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::layer_norm
