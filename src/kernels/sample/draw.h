// The exact arithmetic of sampling, in scalar code: see contract.h. Everything behind `distance` is
// done in integers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "graph/batch.h"

namespace gerbil::kernels::sample {

inline constexpr uint32_t kWeightOne = uint32_t{1} << 31;  // of the largest logit

// The high word of a 32 by 32 bit product.
inline uint32_t mul_high(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>((uint64_t{a} * b) >> 32);
}
// floor(value * fraction / 2^32), fraction <= 2^32, value < 2^63.
inline uint64_t part_of(uint64_t value, uint64_t fraction) {
  return (value >> 32) * fraction + ((value & 0xffffffffu) * fraction >> 32);
}

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, uint32_t key0,
                                      uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xd2511f53u} * counter[0];
    const uint64_t product1 = uint64_t{0xcd9e8d57u} * counter[2];
    counter = {
        static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(product1),
        static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return counter;
}

inline uint32_t random_word(const graph::SampleParams& params) {
  return philox(
      {static_cast<uint32_t>(params.position), static_cast<uint32_t>(params.position >> 32), 0, 0},
      static_cast<uint32_t>(params.seed), static_cast<uint32_t>(params.seed >> 32))[0];
}

// log2(e) / temperature.
inline float distance_scale(const graph::SampleParams& params) {
  return 1.44269504f / params.temperature;
}

// d of contract.h. NaN where x is; 0 where x is the largest.
inline float distance(float largest, float x, float scale) {
  return x == largest ? 0.0f : (largest - x) * scale;
}

// 1 - 2^-f = f (c1 - f (c2 - ... f c6)), 0 <= f < 1, in units of 2^-32: a minimax fit, relative
// error of the weight below 5e-9. Falls with d, as an exhaustive check of the 2^26 fractions shows.
inline constexpr std::array<uint32_t, 6> kPower = {0xb172165eu, 0x3d7f5cfau, 0x0e34ba7du,
                                                   0x0273f3b7u, 0x0053b22cu, 0x0007325cu};

inline uint32_t weight(float d) {
  if (!(d < 32.0f)) return 0;
  const auto bits = static_cast<uint32_t>(d * 0x1p26f);  // 5 whole bits, 26 of the fraction
  const uint32_t fraction = bits << 6;
  uint32_t sum = kPower[5];
  for (size_t i = 5; i-- > 0;) sum = kPower[i] - mul_high(fraction, sum);
  return (kWeightOne - (mul_high(fraction, sum) >> 1)) >> (bits >> 26);
}

// top_p in units of 2^-32, and the least weight that min_p keeps; both exact in double.
inline uint64_t top_p_fraction(const graph::SampleParams& params) {
  if (!(params.top_p < 1.0f)) return uint64_t{1} << 32;
  return static_cast<uint64_t>(std::max(0.0, static_cast<double>(params.top_p)) * 0x1p32);
}
inline uint32_t min_p_weight(const graph::SampleParams& params) {
  if (!(params.min_p > 0.0f)) return 0;
  return static_cast<uint32_t>(
      std::ceil(std::min(1.0, static_cast<double>(params.min_p)) * kWeightOne));
}

inline bool is_greedy(const graph::SampleParams& params) { return !(params.temperature > 0.0f); }

struct Candidate {
  float logit = 0;
  int32_t id = 0;

  // The order of contract.h.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  }
};

}  // namespace gerbil::kernels::sample
