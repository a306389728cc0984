#include "kernels/testing/all_cases.h"

#include <iterator>

#include "kernels/rms_norm/cases.h"

namespace gerbil::kernels::testing {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (auto* cases : {
           rms_norm::cases,
       }) {
    std::vector<Case> some = cases();
    all.insert(all.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
  }
  return all;
}

}  // namespace gerbil::kernels::testing
