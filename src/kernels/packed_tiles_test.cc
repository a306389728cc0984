#include "kernels/packed_tiles.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace gerbil::kernels {
namespace {

using tensor::DType;
using tensor::quant::Form;
using tensor::quant::GroupFormat;
using tensor::quant::GroupParameters;

// Packs random codes and parameters of every format and reads each one back.
TEST(PackedTiles, GiveBackEveryCodeAndParameter) {
  std::mt19937 draw(1);
  for (const Form form : {Form::kScale, Form::kScaleZero, Form::kScaleOffset}) {
    for (uint8_t bits = 2; bits <= 8; ++bits) {
      for (const uint16_t group : {32, 128}) {
        for (const DType scale : {DType::kF16, DType::kF32}) {
          const TileLayout layout{{bits, form, group, scale}, 19, 200};
          SCOPED_TRACE(::testing::Message() << int{bits} << " bits, groups of " << group);
          std::vector<uint8_t> codes(19 * 200);
          for (uint8_t& code : codes) code = static_cast<uint8_t>(draw() & ((1u << bits) - 1));
          const auto parameters = [&](int64_t n, int64_t g) {
            return GroupParameters{.scale = static_cast<float>(n * 8 + g) / 4,
                                   .offset = static_cast<float>(g - n),
                                   .zero = static_cast<uint8_t>(n * 7 + g)};
          };
          std::vector<std::byte> data(layout.size_bytes());
          std::vector<GroupParameters> all;
          for (int64_t n = 0; n < layout.outputs; ++n)
            for (int64_t g = 0; g < layout.groups(); ++g) all.push_back(parameters(n, g));
          for (int64_t tile = 0; tile < layout.tiles(); ++tile) {
            const int64_t first = tile * kOutputsPerTile;
            pack_tile(layout, std::min(kOutputsPerTile, layout.outputs - first),
                      codes.data() + first * layout.columns, all.data() + first * layout.groups(),
                      data.data() + tile * layout.tile_bytes());
          }
          for (int64_t n = 0; n < layout.outputs; ++n) {
            for (int64_t k = 0; k < layout.columns; ++k) {
              ASSERT_EQ(tile_code(layout, data.data(), n, k),
                        codes[static_cast<size_t>(n * layout.columns + k)]);
              const GroupParameters read = tile_parameters(layout, data.data(), n, k);
              const GroupParameters put = parameters(n, k / group);
              ASSERT_EQ(read.scale, put.scale);
              ASSERT_EQ(read.zero, form == Form::kScaleZero ? put.zero : 0);
              ASSERT_EQ(read.offset, form == Form::kScaleOffset ? put.offset : 0);
            }
          }
        }
      }
    }
  }
}

TEST(PackedTiles, TakeTheBitsTheyStandFor) {
  const TileLayout q4{{4, Form::kScale, 32, DType::kF16}, 3072, 1024};
  EXPECT_EQ(q4.size_bytes() * 8, static_cast<uint64_t>(4.5 * 3072 * 1024));
  EXPECT_EQ(bits_per_weight(q4.format), 4.5);
  const TileLayout q6{{6, Form::kScaleZero, 128, DType::kF16}, 32, 256};
  EXPECT_EQ(static_cast<double>(q6.size_bytes()) * 8, bits_per_weight(q6.format) * 32 * 256);
}

}  // namespace
}  // namespace gerbil::kernels
