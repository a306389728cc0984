#pragma once

#include "kernels/silu_mul/contract.h"
#include "kernels/testing/elementwise_cases.h"

namespace gerbil::kernels::silu_mul {

inline std::vector<testing::Case> cases() {
  return testing::elementwise_cases(graph::SiluMul{}, 2, kTolerance);
}

}  // namespace gerbil::kernels::silu_mul
