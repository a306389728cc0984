#pragma once

#include "kernels/silu/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::silu {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::Silu{}, 1, kTolerance);
}

}  // namespace gerbil::kernels::silu
