#include <cmath>

#include "kernels/kernel.h"

namespace gerbil::kernels::layer_norm {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const float* w = call.weights[0].f32();
  const float* b = call.weights[1].f32();
  const float eps = call.attributes<graph::LayerNorm>().eps;
  const auto count = static_cast<float>(x.dim);
  for (int64_t row = 0; row < x.rows; ++row) {
    for (int64_t head = 0; head < x.heads; ++head) {
      const float* from = x.f32(row, head);
      float* to = y.f32(row, head);
      float sum = 0;
      for (int64_t i = 0; i < x.dim; ++i) sum += from[i];
      const float mean = sum / count;
      float squares = 0;
      for (int64_t i = 0; i < x.dim; ++i) squares += (from[i] - mean) * (from[i] - mean);
      const float factor = 1.0f / std::sqrt(squares / count + eps);
      for (int64_t i = 0; i < x.dim; ++i) to[i] = (from[i] - mean) * factor * w[i] + b[i];
    }
  }
}

}  // namespace gerbil::kernels::layer_norm
