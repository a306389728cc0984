#include "base/check.h"
#include "kernels/linear/contract.h"
#include "kernels/weight_element.h"

namespace gerbil::kernels::linear {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const float* bias = call.weights.size() > 1 ? call.weights[1].f32() : nullptr;
  GERBIL_ASSERT(x.contiguous_rows() && x.width() == w.columns && y.width() == w.rows);
  for (int64_t n = 0; n < w.rows; ++n) {
    for (int64_t row = 0; row < x.rows; ++row) {
      const float* from = x.f32(row);
      float sum = 0;
      for (int64_t k = 0; k < w.columns; ++k) sum += from[k] * weight_element(w, n, k);
      y.f32(row)[n] = bias == nullptr ? sum : sum + bias[n];
    }
  }
}

}  // namespace gerbil::kernels::linear
