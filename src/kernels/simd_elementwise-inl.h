// Elementwise Highway kernels over views: out = f(a) or f(a, b), f over vectors. Compiled once per
// instruction set: see simd-inl.h.
#if defined(GERBIL_KERNELS_SIMD_ELEMENTWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_SIMD_ELEMENTWISE_INL_H
#undef GERBIL_KERNELS_SIMD_ELEMENTWISE_INL_H
#else
#define GERBIL_KERNELS_SIMD_ELEMENTWISE_INL_H
#endif

#include "kernels/int8_rows-inl.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// Rows without gaps are one long head.
HWY_INLINE TensorView joined(TensorView view, bool join) {
  if (join) view.dim *= view.heads, view.heads = 1;
  return view;
}

// `cost`: how many copied numbers the work on one is worth.
template <class F>
void map_view(const Call& call, int64_t cost, F f) {
  const bool join = call.inputs[0].contiguous_rows() && call.outputs[0].contiguous_rows();
  const TensorView a = joined(call.inputs[0], join);
  const TensorView y = joined(call.outputs[0], join);
  for_row_blocks(*call.pool, y.rows, 2 * cost * y.width(),
                 [&](int64_t first, int64_t last) HWY_ATTR {
                   for (int64_t row = first; row < last; ++row)
                     for (int64_t head = 0; head < y.heads; ++head)
                       map(a.f32(row, head), y.f32(row, head), y.dim, f);
                 });
}

template <class F>
void map_views(const Call& call, int64_t cost, F f) {
  const bool join = call.inputs[0].contiguous_rows() && call.inputs[1].contiguous_rows() &&
                    call.outputs[0].contiguous_rows();
  const TensorView a = joined(call.inputs[0], join);
  const TensorView b = joined(call.inputs[1], join);
  const TensorView y = joined(call.outputs[0], join);
  const Int8Rows& codes = call.int8_output;
  for_row_blocks(*call.pool, y.rows, 3 * cost * y.width(),
                 [&](int64_t first, int64_t last) HWY_ATTR {
                   for (int64_t row = first; row < last; ++row) {
                     for (int64_t head = 0; head < y.heads; ++head)
                       map(a.f32(row, head), b.f32(row, head), y.f32(row, head), y.dim, f);
                     if (codes.codes != nullptr) quantize_row(y.f32(row), y.width(), row, codes);
                   }
                 });
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
