#pragma once

#include "kernels/gelu/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::gelu {

inline std::vector<testing::Case> cases() {
  std::vector<testing::Case> all = testing::elementwise_cases(graph::Gelu{false}, 1, kTolerance);
  for (testing::Case& c : testing::elementwise_cases(graph::Gelu{true}, 1, kTolerance)) {
    c.name += ", tanh";
    all.push_back(std::move(c));
  }
  // Where each number is small, so that the tolerance is that of the tail.
  for (const bool tanh : {false, true}) {
    testing::Case& tail = all.emplace_back(all.front());
    tail.name = tanh ? "far below zero, tanh" : "far below zero";
    tail.op = graph::Gelu{tanh};
    tail.inputs = {testing::rows_of(1, 33)};
    tail.outputs = tail.inputs;
    for (int i = 0; i < 33; ++i)
      tail.inputs[0].values.push_back(-4.0f - 0.05f * static_cast<float>(i));
    tail.tolerance = 1e-5;
  }
  return all;
}

}  // namespace gerbil::kernels::gelu
