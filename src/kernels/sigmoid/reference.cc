#include <cmath>

#include "kernels/kernel.h"

namespace gerbil::kernels::sigmoid {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  for (int64_t row = 0; row < y.rows; ++row) {
    for (int64_t head = 0; head < y.heads; ++head) {
      const float* from_x = x.f32(row, head);
      float* to = y.f32(row, head);
      for (int64_t i = 0; i < y.dim; ++i) to[i] = 1.0f / (1.0f + std::exp(-from_x[i]));
    }
  }
}

}  // namespace gerbil::kernels::sigmoid
