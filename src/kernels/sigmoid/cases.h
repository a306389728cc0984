#pragma once

#include "kernels/sigmoid/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::sigmoid {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::Sigmoid{}, 1, kTolerance);
}

}  // namespace gerbil::kernels::sigmoid
