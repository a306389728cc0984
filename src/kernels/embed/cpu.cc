#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embed/cpu.cc"
#include "kernels/dispatch.h"
#include "kernels/embed/contract.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::embed::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::kFloats;
using simd::kLanes;

namespace {

template <class T>
void widen(const T* from, float* to, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(simd::load_weights(from + i), kFloats, to + i);
  if (i < n) simd::store_tail(simd::load_weights_tail(from + i, n - i), to + i, n - i);
}

// Calls read(id, to) for every row that is of the table.
template <class Read>
void gather(const Call& call, Read read) {
  const int32_t* ids = call.inputs[0].i32();
  const WeightView& table = call.weights[0];
  const TensorView& y = call.outputs[0];
  for_row_blocks(*call.pool, y.rows, 2 * y.dim, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      const int32_t id = ids[row];
      if (id == graph::kSoft) {
        std::copy_n(soft_row(*call.step->batch, row), y.dim, y.f32(row));
        continue;
      }
      GERBIL_ASSERT(id >= 0 && id < table.rows);
      read(id, y.f32(row));
    }
  });
}

template <class T>
void gather_numbers(const Call& call) {
  const WeightView& table = call.weights[0];
  gather(call, [&](int64_t id, float* to) HWY_ATTR {
    widen(static_cast<const T*>(table.data) + id * table.columns, to, table.columns);
  });
}

}  // namespace

void run(const Call& call) {
  const WeightView& table = call.weights[0];
  if (table.tiles)
    return gather(
        call, [&](int64_t id, float* to) { decode_output(table.layout(), table.bytes(), id, to); });
  switch (table.dtype) {
    case tensor::DType::kBF16:
      return gather_numbers<BFloat16>(call);
    case tensor::DType::kF16:
      return gather_numbers<Half>(call);
    default:
      return gather_numbers<float>(call);
  }
}

}  // namespace gerbil::kernels::embed::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::embed {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::embed
#endif
