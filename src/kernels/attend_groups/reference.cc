#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/kernel.h"

namespace gerbil::kernels::attend_groups {
namespace {

// Keys are rows [first, last).
void attend_row(const Call& call, int64_t row, int64_t first, int64_t last) {
  const float scale = call.attributes<graph::AttendGroups>().scale;
  const TensorView& q = call.inputs[0];
  const TensorView& k = call.inputs[1];
  const TensorView& v = call.inputs[2];
  std::vector<float> weights(static_cast<size_t>(last - first));
  for (int64_t head = 0; head < q.heads; ++head) {
    const float* query = q.f32(row, head);
    float largest = -INFINITY;
    for (int64_t j = first; j < last; ++j) {
      const float* key = k.f32(j, head);
      float dot = 0;
      for (int64_t i = 0; i < q.dim; ++i) dot += query[i] * key[i];
      weights[static_cast<size_t>(j - first)] = scale * dot;
      largest = std::max(largest, scale * dot);
    }
    float sum = 0;
    for (float& weight : weights) {
      weight = std::exp(weight - largest);
      sum += weight;
    }
    float* out = call.outputs[0].f32(row, head);
    for (int64_t i = 0; i < q.dim; ++i) {
      float total = 0;
      for (int64_t j = first; j < last; ++j)
        total += weights[static_cast<size_t>(j - first)] * v.f32(j, head)[i];
      out[i] = total / sum;
    }
  }
}

}  // namespace

void reference(const Call& call) {
  int64_t first = 0;
  for (const graph::PatchGroup& group : call.step->batch->groups) {
    const int64_t last = first + group.patches();
    call.pool->parallel_for(last - first,
                            [&](int64_t row) { attend_row(call, first + row, first, last); });
    first = last;
  }
}

}  // namespace gerbil::kernels::attend_groups
