// A task owns a block of outputs whose weights stay in the second-level cache while all rows pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/cpu.cc"
#include <algorithm>

#include "base/check.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/linear/contract.h"
#include "kernels/linear/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::linear::HWY_NAMESPACE {
namespace {

template <class T>
void multiply(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const Operands<T> p{.x = x.f32(0),
                      .x_stride = x.row_stride,
                      .w = static_cast<const T*>(w.data),
                      .columns = w.columns,
                      .outputs = w.rows,
                      .bias = call.weights.size() > 1 ? call.weights[1].f32() : nullptr,
                      .y = y.f32(0),
                      .y_stride = y.row_stride};
  const Blocks blocks = choose_blocks(x.rows, w.columns, w.rows, sizeof(T), call.pool->threads());
  call.pool->parallel_for(blocks.count(), [&](int64_t task) HWY_ATTR {
    const int64_t row = task / blocks.across * blocks.rows;
    const int64_t output = task % blocks.across * blocks.outputs;
    block(p, row, std::min(x.rows, row + blocks.rows), output,
          std::min(w.rows, output + blocks.outputs));
  });
}

}  // namespace

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const WeightView& w = call.weights[0];
  GERBIL_ASSERT(x.contiguous_rows() && x.width() == w.columns);
  if (x.rows == 0) return;
  switch (w.dtype) {
    case tensor::DType::kBF16:
      return multiply<BFloat16>(call);
    case tensor::DType::kF16:
      return multiply<Half>(call);
    default:
      return multiply<float>(call);
  }
}

}  // namespace gerbil::kernels::linear::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::linear {

HWY_EXPORT(run);
void highway(const Call& call) { HWY_DYNAMIC_DISPATCH(run)(call); }

}  // namespace gerbil::kernels::linear
#endif
