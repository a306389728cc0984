#include "kernels/embed/contract.h"
#include "kernels/weight_element.h"

namespace gerbil::kernels::embed {

void reference(const Call& call) {
  const int32_t* ids = call.inputs[0].i32();
  const WeightView& table = call.weights[0];
  const TensorView& y = call.outputs[0];
  for (int64_t row = 0; row < y.rows; ++row) {
    const int32_t id = ids[row];
    float* to = y.f32(row);
    if (id == graph::kSoft) {
      std::copy_n(soft_row(*call.step->batch, row), y.dim, to);
      continue;
    }
    GERBIL_ASSERT(id >= 0 && id < table.rows);
    for (int64_t i = 0; i < y.dim; ++i) to[i] = weight_element(table, id, i);
  }
}

}  // namespace gerbil::kernels::embed
