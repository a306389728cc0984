// Rows sorted by expert, so that an expert's weights are read once for all its rows; then the tiles
// of a linear layer, over rows that lie where they are. A task owns a block of outputs of one
// expert (of gate and up the same ones, and makes the activation of them at once) whose weights
// stay in the second-level cache while its rows pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/experts/cpu.cc"
#include <algorithm>
#include <optional>
#include <utility>

#include "graph/passes/memory.h"
#include "kernels/dispatch.h"
#include "kernels/experts/contract.h"
#include "kernels/experts/groups.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
#include "kernels/linear/int8.h"
#include "kernels/linear/tile-inl.h"
#include "kernels/row_tasks.h"
#include "kernels/scratch_tasks.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::experts::HWY_NAMESPACE {
namespace {

namespace linear_simd = gerbil::kernels::linear::HWY_NAMESPACE;
namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using linear_simd::Operands;
using simd::FloatVector;
using simd::kFloats;

// The part of a product that a task computes.
struct Part {
  int64_t group = 0;
  int64_t first = 0, last = 0;  // choices, sorted
  int64_t output = 0, end = 0;  // outputs
};

// What a product reads: rows as they are and, where weights are in tiles and activations int8,
// quantised.
struct Rows {
  const float* x = nullptr;
  int64_t stride = 0;
  std::optional<Int8Rows> int8 = std::nullopt;
  linear::Int8Kernel int8_kernel = nullptr;  // with it
  const int32_t* row = nullptr;              // where row i lies; null: at row i

  // From row `first` on.
  Rows at(int64_t first) const {
    Rows rest = *this;
    if (row != nullptr) {
      rest.row += first;
      return rest;
    }
    rest.x += first * stride;
    if (int8) {
      rest.int8->codes += first * int8->blocks * tensor::quant::kBlock;
      rest.int8->scales += first * int8->blocks;
      rest.int8->sums += first * int8->blocks;
    }
    return rest;
  }
};

// A worker's memory: the second product of a part, and a tile of weights decoded.
struct Memory {
  float* up = nullptr;    // [kTaskRows, kTaskOutputs]
  float* tile = nullptr;  // [16, columns]
};

// Calls function(part, memory) for blocks of each used expert's choices and of `step` outputs.
template <class F>
void for_parts(const Call& call, const Groups& groups, Span<std::byte> scratch, int64_t columns,
               int64_t outputs, int64_t step, F&& function) {
  const int64_t across = (outputs + step - 1) / step;
  for_tasks_with_scratch(
      *call.pool, groups.block_count() * across, scratch, worker_bytes(columns),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        Part part;
        const int64_t block = task / across;
        part.group = groups.group_of(block);
        part.first = groups.first[part.group] + (block - groups.blocks[part.group]) * kTaskRows;
        part.last = std::min<int64_t>(groups.first[part.group + 1], part.first + kTaskRows);
        part.output = task % across * step;
        part.end = std::min(outputs, part.output + step);
        auto* up = reinterpret_cast<float*>(slice);
        function(part, Memory{up, up + kTaskRows * kTaskOutputs});
      });
}

// A product: y [rows, outputs] = the outputs [output, end) of W x, for the first `count` rows.
struct Product {
  const WeightView& weight;
  Rows rows;
  int64_t count = 0;
  int64_t output = 0, end = 0;
  float* y = nullptr;
  int64_t y_stride = 0;
};

template <class T>
void multiply_numbers(const Product& p) {
  const int64_t columns = p.weight.columns;
  const Operands<T> operands{.x = p.rows.x,
                             .x_stride = p.rows.stride,
                             .x_row = p.rows.row,
                             .w = static_cast<const T*>(p.weight.data) + p.output * columns,
                             .columns = columns,
                             .outputs = p.weight.rows - p.output,
                             .y = p.y,
                             .y_stride = p.y_stride};
  linear_simd::block(operands, 0, p.count, 0, p.end - p.output);
}

// In tiles: `output` is a multiple of 16, and so is `end` but where the matrix ends.
void multiply_int8(const Product& p) {
  const linear::Int8Product product{.layout = p.weight.layout(),
                                    .weights = p.weight.bytes(),
                                    .x = *p.rows.int8,
                                    .x_row = p.rows.row,
                                    .y = p.y,
                                    .y_stride = p.y_stride,
                                    .first_output = p.output};
  p.rows.int8_kernel(product, 0, p.count, p.output / kOutputsPerTile,
                     (p.end + kOutputsPerTile - 1) / kOutputsPerTile);
}

void multiply_decoded(const Product& p, float* tile) {
  for (int64_t output = p.output; output < p.end; output += kOutputsPerTile) {
    decode_tile(p.weight.layout(), p.weight.bytes(), output / kOutputsPerTile, tile);
    const Operands<float> operands{.x = p.rows.x,
                                   .x_stride = p.rows.stride,
                                   .x_row = p.rows.row,
                                   .w = tile,
                                   .columns = p.weight.columns,
                                   .outputs = std::min(kOutputsPerTile, p.end - output),
                                   .y = p.y + (output - p.output),
                                   .y_stride = p.y_stride};
    linear_simd::block(operands, 0, p.count, 0, operands.outputs);
  }
}

void multiply(const Product& p, const Memory& memory) {
  if (p.weight.tiles) return p.rows.int8 ? multiply_int8(p) : multiply_decoded(p, memory.tile);
  switch (p.weight.dtype) {
    case tensor::DType::kBF16:
      return multiply_numbers<BFloat16>(p);
    case tensor::DType::kF16:
      return multiply_numbers<Half>(p);
    default:
      return multiply_numbers<float>(p);
  }
}

// h = silu(gate x) * up x of a part.
void gate_up(const WeightView& weight, const Groups& groups, const Rows& x, const Part& part,
             const Memory& memory) {
  const int64_t inner = weight.rows / 2;
  const int64_t count = part.last - part.first;
  float* gate = groups.h + part.first * inner + part.output;
  multiply({weight, x.at(part.first), count, part.output, part.end, gate, inner}, memory);
  multiply({weight, x.at(part.first), count, inner + part.output, inner + part.end, memory.up,
            kTaskOutputs},
           memory);
  for (int64_t i = 0; i < count; ++i) {
    float* h = gate + i * inner;
    simd::map(h, memory.up + i * kTaskOutputs, h, part.end - part.output,
              [](FloatVector g, FloatVector u) HWY_ATTR { return hn::Mul(simd::silu(g), u); });
  }
}

// y[row] = sum over slots of w * out, rows [first, last) of the piece.
void combine(const Groups& groups, const TensorView& weights, const TensorView& y, int64_t first,
             int64_t last) {
  for (int64_t row = first; row < last; ++row)
    for (int64_t s = 0; s < weights.dim; ++s) {
      const float* from = groups.out + groups.place[row * weights.dim + s] * y.dim;
      const FloatVector weight = hn::Set(kFloats, weights.f32(row)[s]);
      float* to = y.f32(row);
      if (s == 0)
        simd::map(from, to, y.dim, [&](FloatVector v) HWY_ATTR { return hn::Mul(weight, v); });
      else
        simd::map(to, from, to, y.dim, [&](FloatVector sum, FloatVector v) HWY_ATTR {
          return hn::Add(sum, hn::Mul(weight, v));
        });
    }
}

TensorView rows_of(TensorView view, int64_t first, int64_t count) {
  view.data = static_cast<std::byte*>(view.data) +
              static_cast<uint64_t>(first * view.row_stride) * tensor::size_bytes(view.dtype);
  view.rows = count;
  return view;
}

double element_bytes(const WeightView& weight) {
  return weight.tiles ? weight.tiles->bits / 8.0
                      : static_cast<double>(tensor::size_bytes(weight.dtype));
}

// Rows that all lie where their number says; quantised into `scratch` where the weights want it.
Rows rows_for(const Call& call, const WeightView& weight, const TensorView& x,
              Span<std::byte> scratch) {
  Rows rows{.x = x.f32(0), .stride = x.row_stride};
  if (!weight.tiles || !call.int8_activations) return rows;
  rows.int8 = int8_rows_in(scratch, x.rows, x.width());
  rows.int8_kernel = linear::int8_kernel(call.isa);
  quantize_rows(x, call.isa, *call.pool, *rows.int8);
  return rows;
}

void run_piece(const Call& call, const TensorView& x, const TensorView& ids,
               const TensorView& weights, const TensorView& y) {
  const WeightView& gu = call.weights[0];
  const WeightView& d = call.weights[1];
  GERBIL_ASSERT(!gu.tiles || d.columns % kOutputsPerTile == 0);
  const int64_t choices = x.rows * ids.dim;
  Groups groups = Groups::in(call.scratch.data(), gu.count, choices, d.columns, d.rows);
  Span<std::byte> rest = call.scratch.subspan(Groups::bytes(gu.count, choices, d.columns, d.rows));
  const Span<std::byte> quantized =
      rest.first(quantized_bytes(x.rows, gu.columns, choices, d.columns));
  rest = rest.subspan(quantized.size());
  groups.sort(gu.count, x.rows, ids.dim,
              [&](int64_t row, int64_t slot) { return ids.i32(row)[slot]; });

  const int threads = call.pool->threads();
  Rows from = rows_for(call, gu, x, quantized);
  from.row = groups.row;
  int64_t step = task_outputs(d.columns, gu.columns, element_bytes(gu), 2, choices, threads);
  for_parts(call, groups, rest, gu.columns, d.columns, step,
            [&](const Part& part, const Memory& memory) HWY_ATTR {
              gate_up(gu.matrix(groups.expert[part.group]), groups, from, part, memory);
            });

  const TensorView h{.data = groups.h,
                     .rows = choices,
                     .dim = d.columns,
                     .row_stride = d.columns,
                     .head_stride = d.columns};
  const Rows inner = rows_for(call, d, h, quantized);
  step = task_outputs(d.rows, d.columns, element_bytes(d), 1, choices, threads);
  for_parts(
      call, groups, rest, d.columns, d.rows, step,
      [&](const Part& part, const Memory& memory) HWY_ATTR {
        multiply({d.matrix(groups.expert[part.group]), inner.at(part.first), part.last - part.first,
                  part.output, part.end, groups.out + part.first * d.rows + part.output, d.rows},
                 memory);
      });
  for_row_blocks(*call.pool, x.rows, (ids.dim + 1) * y.dim,
                 [&](int64_t first, int64_t last)
                     HWY_ATTR { combine(groups, weights, y, first, last); });
}

}  // namespace

void run(const Call& call) {
  const TensorView& x = call.inputs[0];
  for (int64_t first = 0; first < x.rows; first += kPieceRows) {
    const int64_t count = std::min(kPieceRows, x.rows - first);
    run_piece(call, rows_of(x, first, count), rows_of(call.inputs[1], first, count),
              rows_of(call.inputs[2], first, count), rows_of(call.outputs[0], first, count));
  }
}

}  // namespace gerbil::kernels::experts::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::experts {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

// For weights in tiles too; whether a graph's are is not known here.
uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, const Team& team) {
  const tensor::Shape& down = graph.weights[static_cast<size_t>(node.weights[1])].shape;
  const auto experts = static_cast<int64_t>(down[0]), outputs = static_cast<int64_t>(down[1]),
             inner = static_cast<int64_t>(down[2]);
  const int64_t in = graph.shape(node.inputs[0]).dim;
  const int64_t rows = std::min(limits.rows, kPieceRows);
  const int64_t choices = rows * graph.shape(node.inputs[1]).dim;
  return Groups::bytes(experts, choices, inner, outputs) +
         quantized_bytes(rows, in, choices, inner) +
         static_cast<uint64_t>(team.threads) * worker_bytes(std::max(in, inner));
}

}  // namespace gerbil::kernels::experts
#endif
