#include "graph/rope.h"

#include <cmath>

#include "base/check.h"

namespace gerbil::graph {

RopeSpec make_rope(int64_t rotary_dim, double theta) {
  RopeSpec spec;
  for (int64_t i = 0; i < rotary_dim / 2; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(rotary_dim);
    spec.inv_freq.push_back(static_cast<float>(std::pow(theta, exponent)));
  }
  spec.axis.assign(spec.inv_freq.size(), 0);
  return spec;
}

RopeSpec make_interleaved_mrope(int64_t rotary_dim, double theta, int64_t height_section,
                                int64_t width_section) {
  RopeSpec spec = make_rope(rotary_dim, theta);
  for (size_t i = 0; i < spec.axis.size(); ++i) {
    if (i % 3 == 1 && i < static_cast<size_t>(3 * height_section)) spec.axis[i] = 1;
    if (i % 3 == 2 && i < static_cast<size_t>(3 * width_section)) spec.axis[i] = 2;
  }
  return spec;
}

RopeSpec make_axial_rope(int64_t rotary_dim, double theta) {
  const int64_t each = rotary_dim / 4;
  RopeSpec spec;
  for (uint8_t axis = 1; axis <= 2; ++axis)
    for (int64_t i = 0; i < each; ++i) {
      const double exponent = -static_cast<double>(i) / static_cast<double>(each);
      spec.inv_freq.push_back(static_cast<float>(std::pow(theta, exponent)));
      spec.axis.push_back(axis);
    }
  return spec;
}

void fill_rope_row(const RopeSpec& spec, Span<const int32_t> position, Span<float> out) {
  const size_t n = spec.inv_freq.size();
  GERBIL_ASSERT(out.size() == 2 * n && (position.size() == 1 || position.size() == 3));
  for (size_t i = 0; i < n; ++i) {
    const int32_t place = position.size() == 1 ? position[0] : position[spec.axis[i]];
    const double angle = static_cast<double>(place) * static_cast<double>(spec.inv_freq[i]);
    out[i] = static_cast<float>(std::cos(angle));
    out[n + i] = static_cast<float>(std::sin(angle));
  }
}

}  // namespace gerbil::graph
