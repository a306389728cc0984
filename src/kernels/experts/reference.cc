#include <cmath>

#include "base/check.h"
#include "graph/passes/memory.h"
#include "kernels/experts/contract.h"
#include "kernels/kernel.h"
#include "kernels/linear/int8_reference.h"
#include "kernels/weight_element.h"

namespace gerbil::kernels::experts {
namespace {

// y = W x
void product(const float* x, const WeightView& w, bool int8, float* y) {
  if (int8 && w.tiles) return linear::int8_product(x, w, nullptr, y);
  for (int64_t n = 0; n < w.rows; ++n) {
    float sum = 0;
    for (int64_t k = 0; k < w.columns; ++k) sum += x[k] * weight_element(w, n, k);
    y[n] = sum;
  }
}

}  // namespace

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& ids = call.inputs[1];
  const TensorView& weights = call.inputs[2];
  const TensorView& y = call.outputs[0];
  const int64_t inner = call.weights[1].columns;
  auto* h = reinterpret_cast<float*>(call.scratch.data());  // [2 inner]: gate, up; then h
  float* out = h + 2 * inner;                               // [N]
  for (int64_t row = 0; row < x.rows; ++row)
    for (int64_t s = 0; s < ids.dim; ++s) {
      const int64_t expert = ids.i32(row)[s];
      GERBIL_ASSERT(expert >= 0 && expert < call.weights[0].count);
      product(x.f32(row), call.weights[0].matrix(expert), call.int8_activations, h);
      for (int64_t i = 0; i < inner; ++i) h[i] = h[i] / (1 + std::exp(-h[i])) * h[inner + i];
      product(h, call.weights[1].matrix(expert), call.int8_activations, out);
      for (int64_t n = 0; n < y.dim; ++n) {
        const float term = weights.f32(row)[s] * out[n];
        float& sum = y.f32(row)[n];
        sum = s == 0 ? term : sum + term;
      }
    }
}

uint64_t reference_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                                 const graph::RowLimits&, const Team&) {
  const tensor::Shape& down = graph.weights[static_cast<size_t>(node.weights[1])].shape;
  return (2 * down[2] + down[1]) * sizeof(float);
}

}  // namespace gerbil::kernels::experts
