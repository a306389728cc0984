// Bias and penalties of contract.h, in scalar code: a row's list is short beside its vocabulary.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace gerbil::kernels::sample {

// The id that a step in flight drew before the row, which SampleParams::seen does not count yet; -1
// where there is none. `number` is the row's in Batch::wanted.
inline int32_t id_in_flight(const Step& step, int64_t number) {
  const graph::Batch& batch = *step.batch;
  if (batch.wanted.empty()) return -1;  // a kernel's test
  const auto row = static_cast<size_t>(batch.wanted[static_cast<size_t>(number)]);
  return batch.token[row] == graph::kFromStep ? step.token[row] : -1;
}

inline bool is_adjusted(const graph::SampleParams& params) {
  return !params.bias.empty() || params.has_penalty();
}

inline float penalised(float x, int32_t drawn, const graph::SampleParams& params) {
  x = x < 0 ? x * params.repetition_penalty : x / params.repetition_penalty;
  if (drawn == 0) return x;
  x -= params.frequency_penalty * static_cast<float>(drawn);
  return x - params.presence_penalty;
}

// Step 0 of contract.h, in place.
inline void adjust(float* logits, const graph::SampleParams& params, int32_t in_flight) {
  for (const graph::LogitBias& bias : params.bias) logits[bias.id] += bias.bias;
  if (!params.has_penalty()) return;
  bool counted = in_flight < 0;
  for (const graph::SeenToken& seen : params.seen) {
    const bool here = seen.id == in_flight;
    counted = counted || here;
    logits[seen.id] = penalised(logits[seen.id], seen.drawn + here, params);
  }
  if (!counted) logits[in_flight] = penalised(logits[in_flight], 1, params);
}

}  // namespace gerbil::kernels::sample
