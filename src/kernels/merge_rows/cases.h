#pragma once

#include "kernels/merge_rows/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::merge_rows {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, int64_t count,
                       Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.dim);
    return Case{.name = name,
                .op = graph::MergeRows{count},
                .inputs = {x},
                .outputs = {rows_of(x.rows / count, x.dim * count)},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8};
  };
  ViewSpec with_gaps = rows_of(8, 5);
  with_gaps.row_gap = 3;
  with_gaps.shift = 1;
  return {
      make("0 rows", rows_of(0, 16), 4),
      make("one of each", rows_of(3, 7), 1),
      make("gaps", with_gaps, 4),
      make("nine to one", rows_of(18, 33), 9),
      make("4096 of 768", rows_of(4096, 768), 4, Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::merge_rows
