#include "kernels/packed_tiles.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/half.h"

namespace gerbil::kernels {
namespace {

using tensor::DType;
using tensor::quant::Form;
using tensor::quant::GroupParameters;
using tensor::quant::kBlock;

void put_number(DType dtype, float value, std::byte* to) {
  if (dtype == DType::kF16) {
    const Half half = to_half(value);
    std::memcpy(to, &half, sizeof(half));
  } else {
    std::memcpy(to, &value, sizeof(value));
  }
}

float get_number(DType dtype, const std::byte* from) {
  if (dtype == DType::kF16) {
    Half half;
    std::memcpy(&half, from, sizeof(half));
    return to_float(half);
  }
  float value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

const std::byte* group_of(const TileLayout& layout, const std::byte* data, int64_t output,
                          int64_t column) {
  return data + output / kOutputsPerTile * layout.tile_bytes() +
         column / layout.format.group * layout.group_bytes();
}

// Planes of a code: how many of its bits, from which one on.
struct Plane {
  int bits;
  int first_bit;
  int64_t chunks;
};

// Calls visit(plane) in the order of memory.
template <class F>
void for_planes(int bits, F&& visit) {
  if (bits == 8) return visit(Plane{8, 0, 8});
  int first = 0;
  for (const int width : {4, 2, 1}) {
    if ((bits & width) == 0) continue;
    visit(Plane{width, first, width});
    first += width;
  }
}

// Where a step lies in its plane: the chunk, and the first bit in its bytes.
struct Place {
  int64_t chunk;
  int shift;
};

Place place_of(int plane_bits, int64_t step) {
  switch (plane_bits) {
    case 8:
      return {step, 0};
    case 4:
      return {step % 4, step < 4 ? 0 : 4};
    case 2:
      return {step / 4, static_cast<int>(step % 4) * 2};
    default:
      return {0, static_cast<int>(step)};
  }
}

void pack_parameters(const TileLayout& layout, Span<const GroupParameters> outputs,
                     std::byte* group) {
  GERBIL_ASSERT(outputs.size() <= kOutputsPerTile);
  std::memset(group, 0, static_cast<size_t>(layout.parameter_bytes()));
  const DType dtype = layout.format.scale;
  const auto item = static_cast<size_t>(tensor::size_bytes(dtype));
  std::byte* second = group + layout.scale_bytes();
  for (size_t n = 0; n < outputs.size(); ++n) {
    put_number(dtype, outputs[n].scale, group + n * item);
    if (layout.format.form == Form::kScaleZero) second[n] = std::byte{outputs[n].zero};
    if (layout.format.form == Form::kScaleOffset)
      put_number(dtype, outputs[n].offset, second + n * item);
  }
}

void pack_block(int bits, const uint8_t codes[kOutputsPerTile * kBlock], std::byte* block) {
  for_planes(bits, [&](const Plane& plane) {
    uint32_t words[8 * kOutputsPerTile] = {};  // [chunk][output], four codes in each
    const uint32_t mask = ((1u << plane.bits) - 1) * 0x01010101u;
    for (int64_t step = 0; step < kSteps; ++step) {
      const Place place = place_of(plane.bits, step);
      for (int64_t n = 0; n < kOutputsPerTile; ++n) {
        uint32_t four;
        std::memcpy(&four, codes + n * kBlock + 4 * step, sizeof(four));
        words[place.chunk * kOutputsPerTile + n] |= ((four >> plane.first_bit) & mask)
                                                    << place.shift;
      }
    }
    const auto size = static_cast<size_t>(plane.chunks * kChunkBytes);
    std::memcpy(block, words, size);
    block += size;
  });
}

// Outputs [first, first + count) of a block as words of four codes, [count][step].
void unpack_words(int bits, const std::byte* block, int64_t first, int64_t count, uint32_t* words) {
  std::fill_n(words, count * kSteps, 0);
  for_planes(bits, [&](const Plane& plane) {
    const uint32_t mask = ((1u << plane.bits) - 1) * 0x01010101u;
    for (int64_t step = 0; step < kSteps; ++step) {
      const Place place = place_of(plane.bits, step);
      for (int64_t n = 0; n < count; ++n) {
        uint32_t packed;
        std::memcpy(&packed, block + place.chunk * kChunkBytes + 4 * (first + n), sizeof(packed));
        words[n * kSteps + step] |= ((packed >> place.shift) & mask) << plane.first_bit;
      }
    }
    block += plane.chunks * kChunkBytes;
  });
}

}  // namespace

void pack_tile(const TileLayout& layout, int64_t outputs, const uint8_t* codes,
               const GroupParameters* parameters, std::byte* tile) {
  for (int64_t b = 0; b < layout.blocks(); ++b) {
    if (b % layout.blocks_per_group() == 0) {
      GroupParameters shared[kOutputsPerTile];
      const int64_t g = b / layout.blocks_per_group();
      for (int64_t n = 0; n < outputs; ++n) shared[n] = parameters[n * layout.groups() + g];
      pack_parameters(layout, {shared, static_cast<size_t>(outputs)}, tile);
      tile += layout.parameter_bytes();
    }
    uint8_t block[kOutputsPerTile * kBlock] = {};
    const auto count = static_cast<size_t>(std::min(kBlock, layout.columns - b * kBlock));
    for (int64_t n = 0; n < outputs; ++n)
      std::memcpy(block + n * kBlock, codes + n * layout.columns + b * kBlock, count);
    pack_block(layout.format.bits, block, tile);
    tile += layout.block_bytes();
  }
}

void unpack_block(int bits, const std::byte* block, uint8_t codes[kOutputsPerTile * kBlock]) {
  uint32_t words[kOutputsPerTile * kBlock / 4];
  unpack_words(bits, block, 0, kOutputsPerTile, words);
  std::memcpy(codes, words, sizeof(words));
}

void decode_output(const TileLayout& layout, const std::byte* data, int64_t output, float* to) {
  const std::byte* block = group_of(layout, data, output, 0);
  GroupParameters p;
  for (int64_t b = 0; b < layout.blocks(); ++b) {
    const int64_t column = b * kBlock;
    if (b % layout.blocks_per_group() == 0) {
      p = tile_parameters(layout, data, output, column);
      block += layout.parameter_bytes();
    }
    uint32_t words[kSteps];
    unpack_words(layout.format.bits, block, output % kOutputsPerTile, 1, words);
    uint8_t codes[kBlock];
    std::memcpy(codes, words, sizeof(codes));
    const int64_t count = std::min(kBlock, layout.columns - column);
    for (int64_t k = 0; k < count; ++k) to[column + k] = decode(layout.format, p, codes[k]);
    block += layout.block_bytes();
  }
}

void decode_tile(const TileLayout& layout, const std::byte* data, int64_t tile, float* to) {
  uint8_t codes[kOutputsPerTile * kBlock];
  const std::byte* block = data + tile * layout.tile_bytes();
  for (int64_t b = 0; b < layout.blocks(); ++b) {
    if (b % layout.blocks_per_group() == 0) block += layout.parameter_bytes();
    unpack_block(layout.format.bits, block, codes);
    block += layout.block_bytes();
    const int64_t count = std::min(kBlock, layout.columns - b * kBlock);
    for (int64_t n = 0; n < kOutputsPerTile; ++n) {
      const auto p = tile_parameters(layout, data, tile * kOutputsPerTile + n, b * kBlock);
      float* row = to + n * layout.columns + b * kBlock;
      for (int64_t k = 0; k < count; ++k) row[k] = decode(layout.format, p, codes[n * kBlock + k]);
    }
  }
}

GroupParameters tile_parameters(const TileLayout& layout, const std::byte* data, int64_t output,
                                int64_t column) {
  const std::byte* group = group_of(layout, data, output, column);
  const DType dtype = layout.format.scale;
  const int64_t n = output % kOutputsPerTile;
  const int64_t item = tensor::size_bytes(dtype);
  GroupParameters p{.scale = get_number(dtype, group + n * item)};
  const std::byte* second = group + layout.scale_bytes();
  if (layout.format.form == Form::kScaleZero) p.zero = static_cast<uint8_t>(second[n]);
  if (layout.format.form == Form::kScaleOffset) p.offset = get_number(dtype, second + n * item);
  return p;
}

uint8_t tile_code(const TileLayout& layout, const std::byte* data, int64_t output, int64_t column) {
  const std::byte* block = group_of(layout, data, output, column) + layout.parameter_bytes() +
                           column % layout.format.group / kBlock * layout.block_bytes();
  const int64_t step = column % kBlock / 4;
  const int64_t byte = output % kOutputsPerTile * 4 + column % 4;
  unsigned code = 0;
  for_planes(layout.format.bits, [&](const Plane& plane) {
    const Place place = place_of(plane.bits, step);
    const auto packed = static_cast<unsigned>(block[place.chunk * kChunkBytes + byte]);
    code |= ((packed >> place.shift) & ((1u << plane.bits) - 1)) << plane.first_bit;
    block += plane.chunks * kChunkBytes;
  });
  return static_cast<uint8_t>(code);
}

}  // namespace gerbil::kernels
