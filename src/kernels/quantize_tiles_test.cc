#include "kernels/quantize_tiles.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "tensor/quant/quantize.h"

namespace gerbil::kernels {
namespace {

using tensor::quant::Form;
using tensor::quant::GroupParameters;

// Heavy tails, zeros, ties of the largest, and magnitudes from denormal to huge.
std::vector<float> strange_rows(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::student_t_distribution<float> heavy(2);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    const float magnitude = std::ldexp(1.0f, static_cast<int>(i / 96 % 9) * 30 - 130);
    const float value = heavy(random);
    values.push_back(i % 31 == 0   ? 0.0f
                     : i % 32 == 3 ? std::ldexp(i % 64 < 32 ? 16.0f : -16.0f, 4) * magnitude
                     : i % 32 == 9 ? std::ldexp(-16.0f, 4) * magnitude
                                   : value * magnitude);
    if (!std::isfinite(values.back())) values.back() = 1e38f;
  }
  return values;
}

TEST(QuantizeTile, GivesTheBitsOfTheDefinitionOnEveryInstructionSet) {
  for (const auto& [outputs, columns, group] :
       {std::array<int64_t, 3>{16, 96, 32}, {5, 200, 64}, {16, 300, 128}, {1, 33, 32}})
    for (uint8_t bits = 2; bits <= 8; ++bits) {
      const TileLayout layout{{bits, Form::kScale, static_cast<uint16_t>(group)}, outputs, columns};
      const std::vector<float> rows =
          strange_rows(outputs * columns, static_cast<uint32_t>(bits * 100 + columns));
      std::vector<uint8_t> codes(rows.size());
      std::vector<GroupParameters> parameters(static_cast<size_t>(outputs * layout.groups()));
      for (int64_t n = 0; n < outputs; ++n)
        for (int64_t g = 0; g < layout.groups(); ++g) {
          const auto first = static_cast<size_t>(n * columns + g * group);
          const auto count = static_cast<size_t>(std::min(group, columns - g * group));
          const Span<const float> values{&rows[first], count};
          float& scale = parameters[static_cast<size_t>(n * layout.groups() + g)].scale;
          scale = tensor::quant::group_scale(values, bits);
          tensor::quant::group_codes(values, bits, scale, {&codes[first], count});
        }
      std::vector<std::byte> want(layout.size_bytes());
      pack_tile(layout, outputs, codes.data(), parameters.data(), want.data());

      for (const platform::Isa isa : platform::supported_isas()) {
        std::vector<std::byte> got(layout.size_bytes());
        quantize_tile(layout, isa, outputs, rows.data(), got.data());
        EXPECT_TRUE(got == want) << platform::name(isa) << " " << int{bits} << " " << columns;
      }
    }
}

}  // namespace
}  // namespace gerbil::kernels
