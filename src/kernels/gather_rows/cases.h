#pragma once

#include "kernels/gather_rows/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::gather_rows {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, std::vector<int32_t> wanted,
                       int64_t first_wanted = 0) {
    ViewSpec y = x;
    y.rows = static_cast<int64_t>(wanted.size()) - first_wanted;
    const auto numbers = static_cast<uint64_t>(y.rows * y.heads * y.dim);
    return Case{.name = name,
                .op = graph::GatherRows{},
                .inputs = {x},
                .outputs = {y},
                .batch = {.wanted = std::move(wanted), .first_wanted = first_wanted},
                .tolerance = kTolerance,
                .bytes = numbers * 8};
  };
  std::vector<int32_t> every_third;
  for (int32_t row = 0; row < 190; row += 3) every_third.push_back(row);
  return {
      make("none wanted", rows_of(4, 16), {}),
      make("the last of 7", rows_of(7, 37), {6}),
      make("gapped heads", gapped(9, 3, 5), {0, 3, 4, 8}),
      make("the second piece of the wanted rows", rows_of(9, 40), {0, 2, 5, 8}, 2),
      make("64 of 190", rows_of(190, 1024), every_third),
  };
}

}  // namespace gerbil::kernels::gather_rows
