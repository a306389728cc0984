// Rows sorted by expert, so that an expert's weights are read once for all its rows; then the tiles
// of a linear layer, over rows that lie where they are. A task owns a block of outputs of one
// expert (of gate and up the same ones, and makes the activation of them at once) whose weights
// stay in the second-level cache while its rows pass.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/experts/cpu.cc"
#include <algorithm>
#include <utility>

#include "graph/passes/memory.h"
#include "kernels/experts/contract.h"
#include "kernels/experts/groups.h"
#include "kernels/foreach_target.h"
#include "kernels/kernel.h"
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

// Calls function(part, worker's memory of kTaskRows * kTaskOutputs floats) for blocks of each used
// expert's choices and of `step` outputs.
template <class F>
void for_parts(const Call& call, const Groups& groups, Span<std::byte> memory, int64_t outputs,
               int64_t step, F&& function) {
  const int64_t across = (outputs + step - 1) / step;
  for_tasks_with_scratch(
      *call.pool, groups.block_count() * across, memory, kTaskRows * kTaskOutputs * sizeof(float),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        Part part;
        const int64_t block = task / across;
        part.group = groups.group_of(block);
        part.first = groups.first[part.group] + (block - groups.blocks[part.group]) * kTaskRows;
        part.last = std::min<int64_t>(groups.first[part.group + 1], part.first + kTaskRows);
        part.output = task % across * step;
        part.end = std::min(outputs, part.output + step);
        function(part, reinterpret_cast<float*>(slice));
      });
}

// The rows and outputs of a part, counted from its own first ones.
template <class T>
void multiply(Operands<T> p, const Part& part, int64_t first_output) {
  p.w += (first_output + part.output) * p.columns;
  p.outputs -= part.output;
  linear_simd::block(p, 0, part.last - part.first, 0, part.end - part.output);
}

// h = silu(gate x) * up x of a part.
template <class T>
void gate_up(const WeightView& weight, const Groups& groups, const TensorView& x, const Part& part,
             float* up) {
  const int64_t inner = weight.rows / 2;
  float* gate = groups.h + part.first * inner + part.output;
  Operands<T> p{.x = x.f32(0),
                .x_stride = x.row_stride,
                .x_row = groups.row + part.first,
                .w = static_cast<const T*>(weight.data),
                .columns = weight.columns,
                .outputs = inner,
                .y = gate,
                .y_stride = inner};
  multiply(p, part, 0);
  p.y = up;
  p.y_stride = kTaskOutputs;
  multiply(p, part, inner);
  for (int64_t i = 0; i < part.last - part.first; ++i) {
    float* h = gate + i * inner;
    simd::map(h, up + i * kTaskOutputs, h, part.end - part.output,
              [](FloatVector g, FloatVector u) HWY_ATTR { return hn::Mul(simd::silu(g), u); });
  }
}

template <class T>
void down(const WeightView& weight, const Groups& groups, const Part& part) {
  const Operands<T> p{.x = groups.h + part.first * weight.columns,
                      .x_stride = weight.columns,
                      .w = static_cast<const T*>(weight.data),
                      .columns = weight.columns,
                      .outputs = weight.rows,
                      .y = groups.out + part.first * weight.rows + part.output,
                      .y_stride = weight.rows};
  multiply(p, part, 0);
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

// with_type(weight, f): f(T{}) of the weight's element type.
template <class F>
void with_type(const WeightView& weight, F&& f) {
  if (weight.dtype == tensor::DType::kBF16) return f(BFloat16{});
  if (weight.dtype == tensor::DType::kF16) return f(Half{});
  f(float{});
}

void run_piece(const Call& call, const TensorView& x, const TensorView& ids,
               const TensorView& weights, const TensorView& y) {
  const WeightView& gu = call.weights[0];
  const WeightView& d = call.weights[1];
  const int64_t choices = x.rows * ids.dim;
  Groups groups = Groups::in(call.scratch.data(), gu.count, choices, d.columns, d.rows);
  const Span<std::byte> memory =
      call.scratch.subspan(Groups::bytes(gu.count, choices, d.columns, d.rows));
  groups.sort(gu.count, x.rows, ids.dim,
              [&](int64_t row, int64_t slot) { return ids.i32(row)[slot]; });

  const int threads = call.pool->threads();
  with_type(gu, [&]<class T>(T) {
    const int64_t step = task_outputs(d.columns, gu.columns, sizeof(T), 2, choices, threads);
    for_parts(call, groups, memory, d.columns, step, [&](const Part& part, float* up) HWY_ATTR {
      gate_up<T>(gu.matrix(groups.expert[part.group]), groups, x, part, up);
    });
  });
  with_type(d, [&]<class T>(T) {
    const int64_t step = task_outputs(d.rows, d.columns, sizeof(T), 1, choices, threads);
    for_parts(call, groups, memory, d.rows, step, [&](const Part& part, float*) HWY_ATTR {
      down<T>(d.matrix(groups.expert[part.group]), groups, part);
    });
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

HWY_EXPORT(run);
void highway(const Call& call) { HWY_DYNAMIC_DISPATCH(run)(call); }

uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, int threads) {
  const tensor::Shape& shape = graph.weights[static_cast<size_t>(node.weights[1])].shape;
  const int64_t choices = std::min(limits.rows, kPieceRows) * graph.shape(node.inputs[1]).dim;
  return Groups::bytes(static_cast<int64_t>(shape[0]), choices, static_cast<int64_t>(shape[2]),
                       static_cast<int64_t>(shape[1])) +
         static_cast<uint64_t>(threads) * kTaskRows * kTaskOutputs * sizeof(float);
}

}  // namespace gerbil::kernels::experts
#endif
