// Rotary position tables: which frequencies, on which axis of the position, and the cos/sin rows of
// a step.
//
// Rows are computed on the host in double and rounded once, because positions reach 262,143 and
// float angles (and WGSL's cos and sin) are too coarse there. Sources: RoPE arXiv 2104.09864;
// interleaved M-RoPE as Qwen3-VL and Qwen3.5.
#pragma once

#include <cstdint>
#include <vector>

#include "base/span.h"

namespace gerbil::graph {

struct RopeSpec {
  std::vector<float>
      inv_freq;  // [rotary_dim / 2], rounded to float as the reference implementations hold them
  std::vector<uint8_t> axis;  // [rotary_dim / 2] 0 time or text, 1 height, 2 width

  int64_t rotary_dim() const { return 2 * static_cast<int64_t>(inv_freq.size()); }
  friend bool operator==(const RopeSpec&, const RopeSpec&) = default;
};

// theta^(-2i / rotary_dim); every frequency on axis 0.
RopeSpec make_rope(int64_t rotary_dim, double theta);

// Interleaved M-RoPE: frequency i turns with the height if i % 3 == 1 and i < 3 * height_section,
// with the width if i % 3 == 2 and i < 3 * width_section, else with time.
RopeSpec make_interleaved_mrope(int64_t rotary_dim, double theta, int64_t height_section,
                                int64_t width_section);

// Rotation in a plane (the vision tower of Qwen3.5): the first half of the frequencies, theta^(-i /
// n), turns with the height, the second, the same ones, with the width; n = rotary_dim / 4, whole.
RopeSpec make_axial_rope(int64_t rotary_dim, double theta);

// One row for one position: out[0 .. n) = cos, out[n .. 2n) = sin, n = rotary_dim / 2. `position`
// has 1 entry (text: every axis alike) or 3 (time, height, width).
void fill_rope_row(const RopeSpec& spec, Span<const int32_t> position, Span<float> out);

}  // namespace gerbil::graph
