#pragma once

#include "kernels/rope/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::rope {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, int64_t rotary_dim,
                       Purpose purpose = Purpose::kTest) {
    const auto numbers = static_cast<uint64_t>(x.rows * x.heads * x.dim);
    return Case{.name = name,
                .op = graph::Rope{rotary_dim},
                .inputs = {x, rows_of(x.rows, rotary_dim)},
                .outputs = {x},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = numbers * 8,
                .operations = numbers * 3};
  };
  return {
      make("0 rows", rows_of(0, 64), 64),
      make("1 row of 2", rows_of(1, 2), 2),
      make("tail", heads_of(3, 2, 38), 38),
      make("partial rotation", heads_of(3, 2, 64), 16),
      make("partial rotation, tails", heads_of(3, 2, 41), 22),
      make("gapped heads", gapped(5, 3, 20), 20),
      make("many rows", heads_of(90, 4, 32), 32),
      make("1 row, 16 heads of 128", heads_of(1, 16, 128), 128, Purpose::kBoth),
      make("512 rows, 16 heads of 128", heads_of(512, 16, 128), 128, Purpose::kBench),
      make("512 rows, 8 heads of 256, 64 turned", heads_of(512, 8, 256), 64, Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::rope
