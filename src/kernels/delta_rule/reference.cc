#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/kernel.h"

namespace gerbil::kernels::delta_rule {
namespace {

void run_head(const Call& call, const graph::Run& run, int64_t head) {
  const TensorView& q = call.inputs[0];
  const TensorView& k = call.inputs[1];
  const TensorView& v = call.inputs[2];
  const int64_t dk = k.dim;
  const int64_t dv = v.dim;
  const int64_t k_head = head / (v.heads / k.heads);
  std::vector<float> state(static_cast<size_t>(dk * dv), 0.0f);
  std::vector<float> delta(static_cast<size_t>(dv));
  if (run.state_in != graph::kZeroState)
    std::copy_n(call.slots.slot(run.state_in) + head * dk * dv, dk * dv, state.begin());

  size_t write = 0;
  for (int64_t row = run.first; row < run.first + run.count; ++row) {
    const float* key = k.f32(row, k_head);
    const float* query = q.f32(row, k_head);
    const float decay = std::exp(call.inputs[3].f32(row)[head]);
    const float beta = call.inputs[4].f32(row)[head];
    for (float& value : state) value *= decay;
    for (int64_t j = 0; j < dv; ++j) {
      float known = 0;
      for (int64_t i = 0; i < dk; ++i) known += state[static_cast<size_t>(i * dv + j)] * key[i];
      delta[static_cast<size_t>(j)] = beta * (v.f32(row, head)[j] - known);
    }
    for (int64_t i = 0; i < dk; ++i)
      for (int64_t j = 0; j < dv; ++j)
        state[static_cast<size_t>(i * dv + j)] += key[i] * delta[static_cast<size_t>(j)];
    for (int64_t j = 0; j < dv; ++j) {
      float sum = 0;
      for (int64_t i = 0; i < dk; ++i) sum += state[static_cast<size_t>(i * dv + j)] * query[i];
      call.outputs[0].f32(row, head)[j] = sum;
    }
    for (; write < run.writes.size() && run.writes[write].after_row == row; ++write)
      std::copy(state.begin(), state.end(),
                call.slots.slot(run.writes[write].slot) + head * dk * dv);
  }
}

}  // namespace

void reference(const Call& call) {
  const Span<const graph::Run> runs = call.step->batch->runs;
  const int64_t heads = call.inputs[2].heads;
  call.pool->parallel_for(static_cast<int64_t>(runs.size()) * heads, [&](int64_t task) {
    run_head(call, runs[static_cast<size_t>(task / heads)], task % heads);
  });
}

}  // namespace gerbil::kernels::delta_rule
