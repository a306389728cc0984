#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/kernel.h"

namespace gerbil::kernels::logprobs {
namespace {

constexpr float kLow = -std::numeric_limits<float>::infinity();

float logit_of(const float* logits, int64_t id) {
  return std::isnan(logits[id]) ? kLow : logits[id];
}

}  // namespace

void reference(const Call& call) {
  const TensorView& logits = call.inputs[0];
  const TensorView& likeliest = call.outputs[1];
  for (int64_t row = 0; row < logits.rows; ++row) {
    const auto number = static_cast<size_t>(call.step->first_wanted + row);
    const int32_t wanted = call.step->batch->sampling[number].logprobs;
    if (wanted < 0) continue;
    const float* x = logits.f32(row);
    float largest = kLow;
    for (int64_t id = 0; id < logits.dim; ++id) largest = std::max(largest, logit_of(x, id));
    const auto distance = [&](int64_t id) {
      const float logit = logit_of(x, id);
      return logit == largest ? 0.0f : logit - largest;
    };
    double sum = 0;
    for (int64_t id = 0; id < logits.dim; ++id) sum += std::exp(static_cast<double>(distance(id)));
    const auto log_sum = static_cast<float>(std::log(sum));

    float* values = call.outputs[0].f32(row);
    int32_t* ids = likeliest.i32(row);
    std::fill_n(values, 1 + graph::kMaxLogprobs, 0.0f);
    std::fill_n(ids, graph::kMaxLogprobs, -1);
    values[0] = distance(call.inputs[1].i32()[row]) - log_sum;
    for (int64_t place = 0; place < std::min<int64_t>(wanted, logits.dim); ++place) {
      int64_t best = -1;
      for (int64_t id = 0; id < logits.dim; ++id)
        if ((best < 0 || logit_of(x, id) > logit_of(x, best)) &&
            std::find(ids, ids + place, static_cast<int32_t>(id)) == ids + place)
          best = id;
      ids[place] = static_cast<int32_t>(best);
      values[1 + place] = distance(best) - log_sum;
    }
  }
}

}  // namespace gerbil::kernels::logprobs
