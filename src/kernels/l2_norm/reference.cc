#include <cmath>

#include "kernels/kernel.h"

namespace gerbil::kernels::l2_norm {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const graph::L2Norm& norm = call.attributes<graph::L2Norm>();
  for (int64_t row = 0; row < x.rows; ++row) {
    for (int64_t head = 0; head < x.heads; ++head) {
      const float* from = x.f32(row, head);
      float* to = y.f32(row, head);
      float sum = 0;
      for (int64_t i = 0; i < x.dim; ++i) sum += from[i] * from[i];
      const float factor = 1.0f / std::sqrt(sum + norm.eps);
      for (int64_t i = 0; i < x.dim; ++i) to[i] = from[i] * factor * norm.scale;
    }
  }
}

}  // namespace gerbil::kernels::l2_norm
