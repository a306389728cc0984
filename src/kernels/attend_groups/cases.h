#pragma once

#include "kernels/attend_groups/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::attend_groups {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec x, std::vector<graph::PatchGroup> groups,
                       Purpose purpose = Purpose::kTest) {
    uint64_t pairs = 0;
    for (const graph::PatchGroup& group : groups)
      pairs += static_cast<uint64_t>(group.patches() * group.patches());
    const auto width = static_cast<uint64_t>(x.heads * x.dim);
    ViewSpec y = x;
    y.row_gap = y.head_gap = y.shift = 0;
    return Case{.name = name,
                .op = graph::AttendGroups{0.125f},
                .inputs = {x, x, x},
                .outputs = {y},
                .batch = {.groups = std::move(groups)},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = static_cast<uint64_t>(x.rows) * width * 16,
                .operations = pairs * width * 4};
  };
  Case large = make("scores of hundreds", rows_of(16, 32), {{4, 4}});
  large.inputs[0].scale = 30;
  large.inputs[1].scale = 10;
  return {
      make("0 patches", heads_of(0, 2, 16), {}),
      make("1 patch", heads_of(1, 2, 8), {{1, 1}}),
      make("4 patches of 18", heads_of(4, 3, 18), {{2, 2}}),
      make("groups of several sizes, gaps", gapped(4 + 24 + 40, 3, 20), {{2, 2}, {4, 6}, {10, 4}}),
      make("more keys than a block", heads_of(300, 2, 24), {{15, 20}}),
      large,
      make("3 frames of 100, 4 heads of 72", heads_of(300, 4, 72), {{10, 10}, {10, 10}, {10, 10}}),
      make("1024 patches, 12 heads of 64", heads_of(1024, 12, 64), {{32, 32}}, Purpose::kBench),
      make("4096 patches, 12 heads of 64", heads_of(4096, 12, 64), {{64, 64}}, Purpose::kBench),
  };
}

}  // namespace gerbil::kernels::attend_groups
