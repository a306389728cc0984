#include "kernels/kernel.h"

namespace gerbil::kernels::mul {

void reference(const Call& call) {
  const TensorView& a = call.inputs[0];
  const TensorView& b = call.inputs[1];
  const TensorView& y = call.outputs[0];
  for (int64_t row = 0; row < y.rows; ++row) {
    for (int64_t head = 0; head < y.heads; ++head) {
      const float* from_a = a.f32(row, head);
      const float* from_b = b.f32(row, head);
      float* to = y.f32(row, head);
      for (int64_t i = 0; i < y.dim; ++i) to[i] = from_a[i] * from_b[i];
    }
  }
}

}  // namespace gerbil::kernels::mul
