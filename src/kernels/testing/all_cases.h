// Every case of every kernel folder: one line here per folder, in the order of the registry.
#pragma once

#include <vector>

#include "kernels/testing/case.h"

namespace gerbil::kernels::testing {

std::vector<Case> all_cases();

}  // namespace gerbil::kernels::testing
