#include "base/check.h"
#include "kernels/kernel.h"

namespace gerbil::kernels::interpolate {

void reference(const Call& call) {
  const TensorView& ids = call.inputs[0];
  const TensorView& factors = call.inputs[1];
  const WeightView& table = call.weights[0];
  const TensorView& y = call.outputs[0];
  for (int64_t row = 0; row < y.rows; ++row) {
    float* to = y.f32(row);
    for (int64_t i = 0; i < y.dim; ++i) {
      float sum = 0;
      for (int64_t tap = 0; tap < ids.dim; ++tap) {
        const int32_t id = ids.i32(row)[tap];
        GERBIL_ASSERT(id >= 0 && id < table.rows);
        sum += factors.f32(row)[tap] * table.f32()[id * table.columns + i];
      }
      to[i] = sum;
    }
  }
}

}  // namespace gerbil::kernels::interpolate
