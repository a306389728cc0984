#include "kernels/int8_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/int8_rows.cc"
#include "base/check.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/int8_rows-inl.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/scratch_tasks.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::int8_rows::HWY_NAMESPACE {

void run(const TensorView& x, platform::ThreadPool& pool, const Int8Rows& to) {
  for_row_blocks(pool, x.rows, 2 * x.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t r = first; r < last; ++r)
      kernels::HWY_NAMESPACE::quantize_row(x.f32(r), x.width(), r, to);
  });
}

}  // namespace gerbil::kernels::int8_rows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels {

using tensor::quant::kBlock;

uint64_t int8_rows_bytes(int64_t rows, int64_t columns) {
  const auto blocks = static_cast<uint64_t>((columns + kBlock - 1) / kBlock * rows);
  return whole_lines(blocks * kBlock) + 2 * whole_lines(blocks * sizeof(float));
}

Int8Rows int8_rows_in(Span<std::byte> memory, int64_t rows, int64_t columns) {
  GERBIL_ASSERT(memory.size() >= int8_rows_bytes(rows, columns));
  const int64_t blocks = (columns + kBlock - 1) / kBlock;
  const auto count = static_cast<uint64_t>(blocks * rows);
  std::byte* scales = memory.data() + whole_lines(count * kBlock);
  return {.rows = rows,
          .blocks = blocks,
          .codes = reinterpret_cast<int8_t*>(memory.data()),
          .scales = reinterpret_cast<float*>(scales),
          .sums = reinterpret_cast<int32_t*>(scales + whole_lines(count * sizeof(float)))};
}

graph::Capabilities int8_writers() {
  graph::Capabilities writers;
  writers.ops.set(graph::kOpKindOf<graph::RmsNorm>);
  writers.ops.set(graph::kOpKindOf<graph::AddRmsNorm>);
  writers.ops.set(graph::kOpKindOf<graph::GatedRmsNorm>);
  writers.ops.set(graph::kOpKindOf<graph::SiluMul>);
  writers.ops.set(graph::kOpKindOf<graph::SigmoidMul>);
  return writers;
}

namespace int8_rows {
GERBIL_EXPORT(run);
}  // namespace int8_rows

void quantize_rows(const TensorView& x, platform::Isa isa, platform::ThreadPool& pool,
                   const Int8Rows& to) {
  int8_rows::run_for[isa](x, pool, to);
}

}  // namespace gerbil::kernels
#endif
