#include <cmath>

#include "base/check.h"
#include "graph/passes/memory.h"
#include "kernels/experts/contract.h"
#include "kernels/kernel.h"
#include "kernels/weight_element.h"

namespace gerbil::kernels::experts {
namespace {

float dot(const float* x, const WeightView& w, int64_t row) {
  float sum = 0;
  for (int64_t k = 0; k < w.columns; ++k) sum += x[k] * weight_element(w, row, k);
  return sum;
}

}  // namespace

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& ids = call.inputs[1];
  const TensorView& weights = call.inputs[2];
  const TensorView& y = call.outputs[0];
  const int64_t inner = call.weights[1].columns;
  auto* h = reinterpret_cast<float*>(call.scratch.data());  // [inner]
  for (int64_t row = 0; row < x.rows; ++row)
    for (int64_t s = 0; s < ids.dim; ++s) {
      const int64_t expert = ids.i32(row)[s];
      GERBIL_ASSERT(expert >= 0 && expert < call.weights[0].count);
      const WeightView gate_up = call.weights[0].matrix(expert);
      const WeightView down = call.weights[1].matrix(expert);
      for (int64_t i = 0; i < inner; ++i) {
        const float gate = dot(x.f32(row), gate_up, i);
        h[i] = gate / (1 + std::exp(-gate)) * dot(x.f32(row), gate_up, inner + i);
      }
      for (int64_t n = 0; n < y.dim; ++n) {
        const float term = weights.f32(row)[s] * dot(h, down, n);
        float& sum = y.f32(row)[n];
        sum = s == 0 ? term : sum + term;
      }
    }
}

uint64_t reference_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                                 const graph::RowLimits&, int) {
  return graph.weights[static_cast<size_t>(node.weights[1])].shape[2] * sizeof(float);
}

}  // namespace gerbil::kernels::experts
