#pragma once

#include "kernels/route/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::route {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  std::vector<Case> all;
  const auto add = [&](int64_t rows, int64_t experts, int64_t top_k, bool normalise,
                       Purpose purpose = Purpose::kTest) -> Case& {
    ViewSpec logits = rows_of(rows, experts);
    logits.scale = 3;
    const auto numbers = static_cast<uint64_t>(rows * experts);
    all.push_back({.name = std::to_string(rows) + " rows, " + std::to_string(top_k) + " of " +
                           std::to_string(experts) + (normalise ? ", normalised" : ""),
                   .op = graph::Route{top_k, normalise},
                   .inputs = {logits},
                   .outputs = {{.rows = rows, .dim = top_k, .dtype = tensor::DType::kI32},
                               rows_of(rows, top_k)},
                   .purpose = purpose,
                   .tolerance = kTolerance,
                   .bytes = 4 * numbers,
                   .operations = 2 * numbers});
    return all.back();
  };
  for (bool normalise : {false, true}) {
    add(0, 8, 2, normalise);
    add(1, 1, 1, normalise);
    add(5, 7, 7, normalise);  // all of them
    for (int64_t experts : {2, 3, 8, 17, 60}) add(4, experts, 2, normalise);
    add(70, 33, 5, normalise);
    Case& gapped = add(9, 19, 3, normalise);
    gapped.name += ", gapped";
    gapped.inputs[0].row_gap = gapped.outputs[1].row_gap = 3;
    gapped.inputs[0].shift = gapped.outputs[1].shift = 1;
    Case& large = add(2, 6, 4, normalise);
    large.name += ", large and equal logits";
    large.inputs[0].values = {-100, 90, 90, 3, 90, -100, 0, 0, 0, 0, 0, 0};
    add(1, 128, 8, normalise, Purpose::kBoth);
    add(512, 128, 8, normalise, Purpose::kBoth);
  }
  add(512, 512, 10, true, Purpose::kBench);
  return all;
}

}  // namespace gerbil::kernels::route
