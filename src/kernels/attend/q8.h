// Pages of type kQ8 (graph/state.h) and what a group of numbers becomes in them: the definition,
// which the vector code of q8-inl.h follows bit for bit.
//
// A group's scale is its largest magnitude / 127, rounded up to f16, so that no number lies beyond
// the codes; a code is the number times the scale's reciprocal, rounded to nearest (ties to even);
// what is read back is scale * code. A group that holds a NaN or an infinity, or whose scale f16
// cannot hold, reads back as NaN: nothing wrong passes for a number.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/half.h"
#include "graph/batch.h"
#include "graph/state.h"
#include "kernels/kernel.h"

namespace gerbil::kernels::attend {

inline constexpr Half kNotANumber{0x7e00};

// The keys or the values of one kv head in a page.
struct Q8Block {
  int8_t* codes = nullptr;  // [32][dim]
  Half* scales = nullptr;   // [groups][32]
  int64_t dim = 0;

  static int64_t bytes(int64_t dim) {
    return graph::kPagePositions *
           (dim + graph::kv_groups(dim) * static_cast<int64_t>(sizeof(Half)));
  }
  static Q8Block at(std::byte* block, int64_t dim) {
    return {reinterpret_cast<int8_t*>(block),
            reinterpret_cast<Half*>(block + graph::kPagePositions * dim), dim};
  }
  static Q8Block keys(const KvView& kv, std::byte* page, int64_t kv_head) {
    return at(page + kv_head * bytes(kv.head_dim), kv.head_dim);
  }
  static Q8Block values(const KvView& kv, std::byte* page, int64_t kv_head) {
    return keys(kv, page, kv.kv_heads + kv_head);
  }

  int8_t* code(int64_t position, int64_t i) const { return codes + position * dim + i; }
  Half& scale(int64_t position, int64_t i) const {
    return scales[i / graph::kKvGroup * graph::kPagePositions + position];
  }
  float number(int64_t position, int64_t i) const {
    return to_float(scale(position, i)) * static_cast<float>(*code(position, i));
  }
};

// The bits of |x|: as integers they are in the order of the numbers, infinity and NaNs at the end.
inline int32_t magnitude_bits(float x) { return std::bit_cast<int32_t>(x) & 0x7fffffff; }
inline constexpr int32_t kInfinityBits = 0x7f800000;

// The scale of a group by its largest magnitude's bits.
inline Half q8_scale(int32_t largest) {
  if (largest >= kInfinityBits) return kNotANumber;
  const float exact = std::bit_cast<float>(largest) / 127.0f;
  Half scale = to_half(exact);
  if (to_float(scale) < exact) ++scale.bits;  // the next one up
  return std::isfinite(to_float(scale)) ? scale : kNotANumber;
}
// What numbers are multiplied by to become codes; 0: all codes are 0.
inline float q8_factor(Half scale) {
  const float number = to_float(scale);
  return number > 0 ? 1.0f / number : 0.0f;
}

// A group of `count` numbers becomes codes; returns its scale.
inline Half quantize_group(const float* from, int64_t count, int8_t* to) {
  int32_t largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, magnitude_bits(from[i]));
  const Half scale = q8_scale(largest);
  const float factor = q8_factor(scale);
  for (int64_t i = 0; i < count; ++i)
    to[i] = factor == 0 ? int8_t{0} : static_cast<int8_t>(std::nearbyint(from[i] * factor));
  return scale;
}

}  // namespace gerbil::kernels::attend
