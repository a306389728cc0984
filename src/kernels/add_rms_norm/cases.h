#pragma once

#include "kernels/add_rms_norm/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::add_rms_norm {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, bool weight = true,
                       Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    Case c{.name = name,
           .op = graph::AddRmsNorm{1e-6f},
           .inputs = {x, x},
           .outputs = {x, x},
           .purpose = purpose,
           .tolerance = kTolerance,
           .bytes = numbers * 16,
           .operations = numbers * 5};
    if (weight) c.weights = {{.columns = x.dim, .mean = 1, .shift = x.shift}};
    return c;
  };
  Case mixed = make("inputs with gaps, outputs without", heads_of(4, 5, 21));
  mixed.inputs = {gapped(4, 5, 21), gapped(4, 5, 21)};
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 row of 1", rows_of(1, 1)),
      make("tail", rows_of(3, 37)),
      make("gapped heads", gapped(5, 3, 19)),
      make("gapped heads, without a weight", gapped(5, 3, 19), false),
      mixed,
      make("many short heads", heads_of(70, 8, 16)),
      make("1 row of 1024", rows_of(1, 1024), true, Purpose::kBoth),
      make("1 row, 16 heads of 128", heads_of(1, 16, 128), true, Purpose::kBoth),
      make("512 rows of 1024", rows_of(512, 1024), true, Purpose::kBench),
      make("512 rows, 16 heads of 128", heads_of(512, 16, 128), true, Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::add_rms_norm
