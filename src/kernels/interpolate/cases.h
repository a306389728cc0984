#pragma once

#include "kernels/interpolate/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::interpolate {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec y, int32_t entries,
                       Purpose purpose = Purpose::kTest) {
    ViewSpec ids{.rows = y.rows, .dim = 4, .dtype = tensor::DType::kI32};
    for (int64_t i = 0; i < 4 * y.rows; ++i)
      ids.ids.push_back(static_cast<int32_t>(i * 7 % entries));
    const auto numbers = static_cast<uint64_t>(y.rows * y.dim);
    return Case{.name = name,
                .op = graph::Interpolate{},
                .inputs = {ids, rows_of(y.rows, 4)},
                .outputs = {y},
                .weights = {{.rows = entries, .columns = y.dim}},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8,
                .operations = numbers * 8};
  };
  ViewSpec with_gaps = rows_of(5, 21);
  with_gaps.row_gap = 4;
  with_gaps.shift = 1;
  return {
      make("0 patches", rows_of(0, 16), 9),
      make("1 patch of 1", rows_of(1, 1), 2),
      make("tail", rows_of(4, 37), 9),
      make("gaps", with_gaps, 16),
      make("128 patches of 64", rows_of(128, 64), 144),
      make("4096 patches of 768", rows_of(4096, 768), 2304, Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::interpolate
