#pragma once

#include "kernels/scale_rows/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::scale_rows {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, const ViewSpec& x, Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    return Case{.name = name,
                .op = graph::ScaleRows{},
                .inputs = {x, {.rows = x.rows, .dim = 1, .row_gap = x.row_gap}},
                .outputs = {x},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = 8 * numbers,
                .operations = numbers};
  };
  return {make("0 rows", rows_of(0, 64)),
          make("1 row of 1", rows_of(1, 1)),
          make("tail", rows_of(3, 37)),
          make("gapped heads", gapped(5, 3, 19)),
          make("300 rows of 2048", rows_of(300, 2048)),
          make("1 row of 2048", rows_of(1, 2048), Purpose::kBoth),
          make("512 rows of 2048", rows_of(512, 2048), Purpose::kBench)};
}

}  // namespace gerbil::kernels::scale_rows
