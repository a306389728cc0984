#pragma once

#include "kernels/l2_norm/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::l2_norm {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    return Case{.name = name,
                .op = graph::L2Norm{1e-6f, 0.125f},
                .inputs = {x},
                .outputs = {x},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8,
                .operations = numbers * 4};
  };
  Case zero = make("a head of zeros", rows_of(1, 40));
  zero.inputs[0].values.assign(40, 0.0f);
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 37)),
      make("gapped heads", gapped(5, 3, 19)),
      zero,
      make("many heads", heads_of(70, 8, 32)),
      make("1 row, 16 heads of 128", heads_of(1, 16, 128), Purpose::kBoth),
      make("512 rows, 16 heads of 128", heads_of(512, 16, 128), Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::l2_norm
