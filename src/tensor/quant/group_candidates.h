// The arithmetic of group_scale() (quantize.h) that the scalar definition and vector programs
// share. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/half.h"

namespace gerbil::tensor::quant {

inline constexpr int64_t kLongestGroup = 128;
inline constexpr float kLargestScale = 65504.0f;  // of f16

// A candidate puts the number of largest magnitude at code middle * kCandidates[i] below the
// middle: beyond 1 it is clamped, and all others gain precision.
inline constexpr std::array<float, 12> kCandidates{1.0f,  0.90f,  0.94f, 0.97f, 1.03f, 1.06f,
                                                   1.09f, 1.125f, 1.16f, 1.20f, 1.25f, 0.87f};

// Numbers of a group are taken as fractions of the one of largest magnitude, in units of 2^-15:
// sums of their products with codes are exact in 32 bits.
inline constexpr float kFractions = 32767.0f;

// The codes c of a candidate and the fractions f: the error under the best scale is the sum of f^2
// less (sum of c f)^2 / sum of c^2, so the largest quotient is the best.
struct CandidateSums {
  int32_t product = 0;  // of c f
  int32_t square = 0;   // of c c

  bool better_than(const CandidateSums& other) const {
    const auto quotient = [](double p, double s) { return p * p * s; };
    return quotient(product, other.square) > quotient(other.product, square);
  }
};

// What no candidate with a code that is not 0 is worse than.
inline constexpr CandidateSums kNoCandidate{0, 1};

inline float scale_of(const CandidateSums& best, float to_fraction) {
  const float in_fractions = static_cast<float>(best.product) / static_cast<float>(best.square);
  const float scale = -(in_fractions / to_fraction);
  return to_float(to_half(std::clamp(scale, -kLargestScale, kLargestScale)));
}

}  // namespace gerbil::tensor::quant
