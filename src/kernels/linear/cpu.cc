// A task owns a block of outputs whose weights stay in the second-level cache while all rows pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/cpu.cc"
#include <algorithm>

#include "base/check.h"
#include "graph/passes/memory.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/linear/contract.h"
#include "kernels/linear/int8.h"
#include "kernels/linear/tile-inl.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"

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

void multiply_int8(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const Int8Product p{.layout = w.layout(),
                      .weights = w.bytes(),
                      .x = call.int8_input.codes != nullptr
                               ? call.int8_input
                               : int8_rows_in(call.scratch, x.rows, w.columns),
                      .bias = call.weights.size() > 1 ? call.weights[1].f32() : nullptr,
                      .y = y.f32(0),
                      .y_stride = y.row_stride};
  if (call.int8_input.codes == nullptr) quantize_rows(x, call.isa, *call.pool, p.x);
  const Blocks blocks =
      choose_blocks(x.rows, w.columns, w.rows, static_cast<double>(w.tiles->bits) / 8,
                    call.pool->threads(), {kOutputsPerTile, kInt8RowAlignment});
  const Int8Kernel product = int8_kernel(call.isa);
  call.pool->parallel_for(blocks.count(), [&](int64_t task) {
    const int64_t row = task / blocks.across * blocks.rows;
    const int64_t tile = task % blocks.across * blocks.outputs / kOutputsPerTile;
    product(p, row, std::min(x.rows, row + blocks.rows), tile,
            std::min(p.layout.tiles(), tile + blocks.outputs / kOutputsPerTile));
  });
}

// Weights in tiles and rows as they are: a tile at a time is decoded, then all rows pass.
void multiply_decoded(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const TileLayout layout = w.layout();
  for_tasks_with_scratch(
      *call.pool, layout.tiles(), call.scratch, decoded_tile_bytes(w.columns),
      [&](int64_t tile, std::byte* slice) HWY_ATTR {
        auto* decoded = reinterpret_cast<float*>(slice);
        decode_tile(layout, w.bytes(), tile, decoded);
        const int64_t output = tile * kOutputsPerTile;
        const Operands<float> p{
            .x = x.f32(0),
            .x_stride = x.row_stride,
            .w = decoded,
            .columns = w.columns,
            .outputs = std::min(kOutputsPerTile, w.rows - output),
            .bias = call.weights.size() > 1 ? call.weights[1].f32() + output : nullptr,
            .y = y.f32(0) + output,
            .y_stride = y.row_stride};
        block(p, 0, x.rows, 0, p.outputs);
      });
}

}  // namespace

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  const WeightView& w = call.weights[0];
  GERBIL_ASSERT(x.contiguous_rows() && x.width() == w.columns);
  if (x.rows == 0) return;
  if (w.tiles) return call.int8_activations ? multiply_int8(call) : multiply_decoded(call);
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

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

// For weights in tiles; which of a graph's are is not known here.
uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, const Team& team) {
  const graph::ValueShape& x = graph.shape(node.inputs[0]);
  const int64_t rows = graph::row_limit(graph, node.inputs[0], limits);
  return std::max(int8_rows_bytes(rows, x.width()),
                  static_cast<uint64_t>(team.threads) * decoded_tile_bytes(x.width()));
}

}  // namespace gerbil::kernels::linear
#endif
