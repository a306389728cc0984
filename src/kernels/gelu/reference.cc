#include <cmath>
#include <numbers>

#include "kernels/kernel.h"

namespace gerbil::kernels::gelu {
namespace {

double exact(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double with_tanh(double x) {
  const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + std::tanh(inner));
}

}  // namespace

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const bool tanh = call.attributes<graph::Gelu>().tanh;
  for (int64_t row = 0; row < y.rows; ++row)
    for (int64_t head = 0; head < y.heads; ++head) {
      const float* from = x.f32(row, head);
      float* to = y.f32(row, head);
      for (int64_t i = 0; i < y.dim; ++i)
        to[i] = static_cast<float>(tanh ? with_tanh(from[i]) : exact(from[i]));
    }
}

}  // namespace gerbil::kernels::gelu
