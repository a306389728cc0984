#pragma once

#include "kernels/sigmoid_mul/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::sigmoid_mul {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::SigmoidMul{}, 2, kTolerance);
}

}  // namespace gerbil::kernels::sigmoid_mul
