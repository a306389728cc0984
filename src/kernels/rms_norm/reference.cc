#include <cmath>

#include "kernels/kernel.h"

namespace gerbil::kernels::rms_norm {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const float* w = call.weights.empty() ? nullptr : call.weights[0].f32();
  const float eps = call.attributes<graph::RmsNorm>().eps;
  for (int64_t row = 0; row < x.rows; ++row) {
    for (int64_t head = 0; head < x.heads; ++head) {
      const float* from = x.f32(row, head);
      float* to = y.f32(row, head);
      float sum = 0;
      for (int64_t i = 0; i < x.dim; ++i) sum += from[i] * from[i];
      const float factor = 1.0f / std::sqrt(sum / static_cast<float>(x.dim) + eps);
      for (int64_t i = 0; i < x.dim; ++i) {
        const float normed = from[i] * factor;
        to[i] = w == nullptr ? normed : normed * w[i];
      }
    }
  }
}

}  // namespace gerbil::kernels::rms_norm
