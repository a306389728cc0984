// The choice of a row: shared by all kernels, so that they agree on every tie.
#pragma once

#include <cmath>
#include <cstdint>

namespace gerbil::kernels::route {

// Is the expert of logit a (with the lower id) to be chosen before that of logit b?
inline bool stays_ahead(float a, float b) { return std::isnan(b) || a >= b; }

// ids[0 .. top_k): sorted insertion, experts in ascending order.
inline void choose(const float* logits, int64_t experts, int64_t top_k, int32_t* ids) {
  int64_t count = 0;
  for (int64_t e = 0; e < experts; ++e) {
    if (count == top_k && stays_ahead(logits[ids[top_k - 1]], logits[e])) continue;
    int64_t slot = count < top_k ? count++ : top_k - 1;
    for (; slot > 0 && !stays_ahead(logits[ids[slot - 1]], logits[e]); --slot)
      ids[slot] = ids[slot - 1];
    ids[slot] = static_cast<int32_t>(e);
  }
}

}  // namespace gerbil::kernels::route
