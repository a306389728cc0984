#include "kernels/testing/all_cases.h"

#include <iterator>

#include "kernels/add/cases.h"
#include "kernels/add_rms_norm/cases.h"
#include "kernels/attend/cases.h"
#include "kernels/attend_groups/cases.h"
#include "kernels/conv1d/cases.h"
#include "kernels/delta_gate/cases.h"
#include "kernels/delta_rule/cases.h"
#include "kernels/embed/cases.h"
#include "kernels/experts/cases.h"
#include "kernels/gated_rms_norm/cases.h"
#include "kernels/gather_rows/cases.h"
#include "kernels/gelu/cases.h"
#include "kernels/interpolate/cases.h"
#include "kernels/l2_norm/cases.h"
#include "kernels/layer_norm/cases.h"
#include "kernels/linear/cases.h"
#include "kernels/logprobs/cases.h"
#include "kernels/merge_rows/cases.h"
#include "kernels/mul/cases.h"
#include "kernels/rms_norm/cases.h"
#include "kernels/rms_norm_rope/cases.h"
#include "kernels/rope/cases.h"
#include "kernels/route/cases.h"
#include "kernels/sample/cases.h"
#include "kernels/scale_rows/cases.h"
#include "kernels/sigmoid/cases.h"
#include "kernels/sigmoid_mul/cases.h"
#include "kernels/silu/cases.h"
#include "kernels/silu_mul/cases.h"

namespace gerbil::kernels::testing {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (auto* cases : {
           &embed::cases,         &linear::cases,     &rms_norm::cases,    &l2_norm::cases,
           &add::cases,           &mul::cases,        &silu::cases,        &sigmoid::cases,
           &rope::cases,          &attend::cases,     &conv1d::cases,      &delta_gate::cases,
           &delta_rule::cases,    &scale_rows::cases, &route::cases,       &experts::cases,
           &gather_rows::cases,   &sample::cases,     &logprobs::cases,    &add_rms_norm::cases,
           &rms_norm_rope::cases, &silu_mul::cases,   &sigmoid_mul::cases, &gated_rms_norm::cases,
           &layer_norm::cases,    &gelu::cases,       &interpolate::cases, &attend_groups::cases,
           &merge_rows::cases,
       }) {
    std::vector<Case> some = cases();
    all.insert(all.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
  }
  return all;
}

}  // namespace gerbil::kernels::testing
