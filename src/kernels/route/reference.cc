#include <algorithm>
#include <cmath>

#include "kernels/kernel.h"
#include "kernels/route/choose.h"
#include "kernels/route/contract.h"

namespace gerbil::kernels::route {

void reference(const Call& call) {
  const auto& op = call.attributes<graph::Route>();
  const TensorView& logits = call.inputs[0];
  for (int64_t row = 0; row < logits.rows; ++row) {
    const float* l = logits.f32(row);
    int32_t* ids = call.outputs[0].i32(row);
    float* w = call.outputs[1].f32(row);
    choose(l, logits.dim, op.top_k, ids);
    const float max = l[ids[0]];
    float sum = 0;
    for (int64_t e = 0; e < logits.dim; ++e) sum += std::exp(l[e] - max);
    for (int64_t s = 0; s < op.top_k; ++s) w[s] = std::exp(l[ids[s]] - max) / sum;
    if (!op.normalise) continue;
    float chosen = 0;
    for (int64_t s = 0; s < op.top_k; ++s) chosen += w[s];
    for (int64_t s = 0; s < op.top_k; ++s) w[s] /= chosen;
  }
}

}  // namespace gerbil::kernels::route
