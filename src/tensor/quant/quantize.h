// Own quantisation, form kScale: which scale and codes stand for a group of numbers.
//
// The scale minimises the squared error over the group among a fixed set of candidates, each with
// its own least-squares scale, rounded to f16 before the codes are chosen. Every step is exact
// (integers) or one rounding, so scalar and vector programs find the same codes on every processor.
#pragma once

#include <cstdint>

#include "base/span.h"

namespace gerbil::tensor::quant {

// The scale of a group of 1 to 128 finite numbers; 0 where they are all 0 (or too small for f16).
// It is negative where the number of largest magnitude is positive: -2^(bits - 1) is the code of
// largest magnitude. At most 65504: larger numbers are clamped to what that reaches.
float group_scale(Span<const float> values, int bits);

// The codes under a scale: nearest (ties to even), clamped; `codes` has the size of `values`.
void group_codes(Span<const float> values, int bits, float scale, Span<uint8_t> codes);

// ---- activations: int8 in blocks of kBlock columns

// A row's block: its scale is max |x| / 127 in f32, codes are nearest (ties to even), -127 to 127.
// All 0, or a maximum too small to have a reciprocal: scale 0 and codes 0. A NaN counts as 0, an
// infinity as the largest finite number.
float quantize_block(Span<const float> values, Span<int8_t> codes);

}  // namespace gerbil::tensor::quant
