#include <vector>

#include "kernels/kernel.h"
#include "kernels/sample/adjust.h"
#include "kernels/sample/draw.h"

namespace gerbil::kernels::sample {
namespace {

int32_t sample_row(const float* logits, int64_t vocab, const graph::SampleParams& params) {
  std::vector<Candidate> kept;
  for (int64_t id = 0; id < vocab; ++id)
    if (logits[id] > -INFINITY) kept.push_back({logits[id], static_cast<int32_t>(id)});
  if (kept.empty()) return 0;
  std::sort(kept.begin(), kept.end());
  if (is_greedy(params)) return kept.front().id;

  if (params.top_k > 0 && static_cast<size_t>(params.top_k) < kept.size()) {
    const float least = kept[static_cast<size_t>(params.top_k) - 1].logit;
    std::erase_if(kept, [&](const Candidate& candidate) { return candidate.logit < least; });
  }
  std::vector<uint64_t> weights;
  uint64_t total = 0;
  for (const Candidate& candidate : kept) {
    weights.push_back(
        weight(distance(kept.front().logit, candidate.logit, distance_scale(params))));
    total += weights.back();
  }
  const uint64_t enough = part_of(total, top_p_fraction(params));
  const uint64_t least = min_p_weight(params);
  uint64_t sum = weights.front();
  size_t count = 1;
  for (; count < kept.size() && sum < enough && weights[count] >= least; ++count)
    sum += weights[count];

  const uint64_t target = part_of(sum, random_word(params));
  uint64_t cumulative = 0;
  for (size_t i = 0; i < count; ++i) {
    cumulative += weights[i];
    if (cumulative > target) return kept[i].id;
  }
  return kept.front().id;  // not reached: target < sum
}

}  // namespace

void reference(const Call& call) {
  const TensorView& logits = call.inputs[0];
  for (int64_t row = 0; row < logits.rows; ++row) {
    const auto number = static_cast<size_t>(call.step->first_wanted + row);
    const graph::SampleParams& params = call.step->batch->sampling[number];
    std::vector<float> adjusted(logits.f32(row), logits.f32(row) + logits.dim);
    if (is_adjusted(params))
      adjust(adjusted.data(), params, id_in_flight(*call.step, call.step->first_wanted + row));
    call.outputs[0].i32()[row] = sample_row(adjusted.data(), logits.dim, params);
  }
}

}  // namespace gerbil::kernels::sample
