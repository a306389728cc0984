#include <algorithm>

#include "kernels/kernel.h"
#include "kernels/row_tasks.h"

namespace gerbil::kernels::merge_rows {

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const int64_t count = call.attributes<graph::MergeRows>().count;
  for_row_blocks(*call.pool, y.rows, 2 * y.dim, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row)
      for (int64_t i = 0; i < count; ++i)
        std::copy_n(x.f32(row * count + i), x.dim, y.f32(row) + i * x.dim);
  });
}

}  // namespace gerbil::kernels::merge_rows
