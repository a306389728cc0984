#pragma once

#include "kernels/add/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::add {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::Add{}, 2, kTolerance);
}

}  // namespace gerbil::kernels::add
