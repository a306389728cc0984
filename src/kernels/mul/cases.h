#pragma once

#include "kernels/mul/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::mul {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::Mul{}, 2, kTolerance);
}

}  // namespace gerbil::kernels::mul
