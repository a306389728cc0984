// Group quantisation: the columns of a weight's row in groups, an unsigned code of 2 to 8 bits for
// each, and parameters that the codes of a group share. This file and group_codes.h are the
// definition; how codes lie in memory is each backend's own.
//
//   Form            value                             from
//   kScale          scale * (code - 2^(bits - 1))     own q4, q6, q8; Q4_0, Q8_0
//   kScaleZero      scale * (code - zero)             GPTQ, AWQ, compressed-tensors; zero 0 to 255
//   kScaleOffset    scale * code + offset             MLX, Q4_1
//
// Pure values and functions: any thread.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace gerbil::tensor::quant {

enum class Form : uint8_t { kScale, kScaleZero, kScaleOffset };

struct GroupFormat {
  uint8_t bits = 4;  // 2 to 8
  Form form = Form::kScale;
  uint16_t group = 32;        // columns, a multiple of kBlock
  DType scale = DType::kF16;  // of scales and offsets: f16 where it holds every one, else f32

  friend bool operator==(const GroupFormat&, const GroupFormat&) = default;
};

// Activations are quantised in blocks of as many columns; groups are whole blocks.
inline constexpr int64_t kBlock = 32;

struct GroupParameters {
  float scale = 0;
  float offset = 0;  // kScaleOffset
  uint8_t zero = 0;  // kScaleZero
};

// The code that stands for 0 in kScale.
inline constexpr int32_t middle_code(int bits) { return 1 << (bits - 1); }

inline int32_t zero_code(const GroupFormat& format, const GroupParameters& p) {
  switch (format.form) {
    case Form::kScale:
      return middle_code(format.bits);
    case Form::kScaleZero:
      return p.zero;
    default:
      return 0;
  }
}

// The differences of codes are exact, so a value has one rounding (two with an offset).
inline float decode(const GroupFormat& format, const GroupParameters& p, uint8_t code) {
  const float value = p.scale * static_cast<float>(code - zero_code(format, p));
  return format.form == Form::kScaleOffset ? value + p.offset : value;
}

// Bits of a weight, its share of the parameters included: 4.5 for own q4.
inline double bits_per_weight(const GroupFormat& format) {
  const double scale_bits = 8.0 * size_bytes(format.scale);
  const double shared = scale_bits + (format.form == Form::kScaleZero     ? 8.0
                                      : format.form == Form::kScaleOffset ? scale_bits
                                                                          : 0.0);
  return format.bits + shared / format.group;
}

}  // namespace gerbil::tensor::quant
