#include "kernels/kernel.h"

namespace gerbil::kernels::rope {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& table = call.inputs[1];
  const TensorView& y = call.outputs[0];
  const int64_t rotary_dim = call.attributes<graph::Rope>().rotary_dim;
  const int64_t n = rotary_dim / 2;
  for (int64_t row = 0; row < x.rows; ++row) {
    const float* cosines = table.f32(row);
    const float* sines = cosines + n;
    for (int64_t head = 0; head < x.heads; ++head) {
      const float* from = x.f32(row, head);
      float* to = y.f32(row, head);
      for (int64_t i = 0; i < n; ++i) {
        to[i] = from[i] * cosines[i] - from[i + n] * sines[i];
        to[i + n] = from[i + n] * cosines[i] + from[i] * sines[i];
      }
      for (int64_t i = rotary_dim; i < x.dim; ++i) to[i] = from[i];
    }
  }
}

}  // namespace gerbil::kernels::rope
