#include <algorithm>

#include "base/check.h"
#include "kernels/kernel.h"

namespace gerbil::kernels::gather_rows {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const Span<const int32_t> wanted = call.step->batch->wanted;
  for (int64_t i = 0; i < y.rows; ++i) {
    const int32_t row = wanted[static_cast<size_t>(call.step->first_wanted + i)];
    GERBIL_ASSERT(row >= 0 && row < x.rows);
    for (int64_t head = 0; head < y.heads; ++head)
      std::copy_n(x.f32(row, head), y.dim, y.f32(i, head));
  }
}

}  // namespace gerbil::kernels::gather_rows
