#include "tensor/quant/quantize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "tensor/quant/group_candidates.h"
#include "tensor/quant/group_format.h"

namespace gerbil::tensor::quant {
namespace {

int32_t nearest(float value) { return static_cast<int32_t>(std::nearbyint(value)); }

}  // namespace

float group_scale(Span<const float> values, int bits) {
  GERBIL_ASSERT(std::ssize(values) <= kLongestGroup && bits >= 2 && bits <= 8);
  float largest = 0;
  for (float value : values)
    if (std::fabs(value) > std::fabs(largest)) largest = value;
  const auto middle = static_cast<float>(middle_code(bits));
  if (std::fabs(largest) < std::numeric_limits<float>::min()) return 0;

  std::array<int32_t, kLongestGroup> fraction;
  const float to_fraction = kFractions / largest;
  if (!std::isfinite(to_fraction)) return 0;
  for (size_t i = 0; i < values.size(); ++i) fraction[i] = nearest(values[i] * to_fraction);

  CandidateSums best = kNoCandidate;
  for (const float candidate : kCandidates) {
    const float to_code = middle * candidate * (1.0f / kFractions);
    CandidateSums sums;
    for (size_t i = 0; i < values.size(); ++i) {
      // The largest number is on the negative side, which reaches one code further.
      const int32_t code =
          std::clamp(nearest(static_cast<float>(fraction[i]) * to_code),
                     1 - static_cast<int32_t>(middle), static_cast<int32_t>(middle));
      sums.product += code * fraction[i];
      sums.square += code * code;
    }
    if (sums.better_than(best)) best = sums;
  }
  return scale_of(best, to_fraction);
}

void group_codes(Span<const float> values, int bits, float scale, Span<uint8_t> codes) {
  GERBIL_ASSERT(values.size() == codes.size());
  const int32_t middle = middle_code(bits);
  const float inverse = scale == 0 ? 0.0f : 1.0f / scale;
  const float low = static_cast<float>(-middle), high = static_cast<float>(middle - 1);
  for (size_t i = 0; i < values.size(); ++i)
    codes[i] = static_cast<uint8_t>(nearest(std::clamp(values[i] * inverse, low, high)) + middle);
}

float quantize_block(Span<const float> values, Span<int8_t> codes) {
  GERBIL_ASSERT(values.size() == codes.size());
  static constexpr float kMax = std::numeric_limits<float>::max();
  const auto finite = [](float x) { return std::isnan(x) ? 0.0f : std::clamp(x, -kMax, kMax); };
  float largest = 0;
  for (float value : values) largest = std::max(largest, std::fabs(finite(value)));
  const float inverse = 127.0f / largest;
  if (!std::isfinite(inverse)) {
    std::ranges::fill(codes, int8_t{0});
    return 0;
  }
  for (size_t i = 0; i < values.size(); ++i)
    codes[i] = static_cast<int8_t>(nearest(finite(values[i]) * inverse));
  return largest / 127.0f;
}

}  // namespace gerbil::tensor::quant
