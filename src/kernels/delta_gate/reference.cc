#include <cmath>

#include "kernels/kernel.h"

namespace gerbil::kernels::delta_gate {

void reference(const Call& call) {
  const TensorView& a = call.inputs[0];
  const TensorView& b = call.inputs[1];
  const float* a_log = call.weights[0].f32();
  const float* dt_bias = call.weights[1].f32();
  for (int64_t row = 0; row < a.rows; ++row) {
    for (int64_t h = 0; h < a.dim; ++h) {
      const float x = a.f32(row)[h] + dt_bias[h];
      const float softplus = x > 20.0f ? x : std::log1p(std::exp(x));
      call.outputs[0].f32(row)[h] = -std::exp(a_log[h]) * softplus;
      call.outputs[1].f32(row)[h] = 1.0f / (1.0f + std::exp(-b.f32(row)[h]));
    }
  }
}

}  // namespace gerbil::kernels::delta_gate
