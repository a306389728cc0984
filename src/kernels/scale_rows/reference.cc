#include "kernels/kernel.h"

namespace gerbil::kernels::scale_rows {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& scales = call.inputs[1];
  const TensorView& y = call.outputs[0];
  for (int64_t row = 0; row < y.rows; ++row)
    for (int64_t head = 0; head < y.heads; ++head)
      for (int64_t i = 0; i < y.dim; ++i)
        y.f32(row, head)[i] = x.f32(row, head)[i] * *scales.f32(row);
}

}  // namespace gerbil::kernels::scale_rows
