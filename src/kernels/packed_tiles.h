// How a group-quantised matrix lies in memory on the CPU: the one layout of every instruction set,
// good for one row of activations and for many.
//
// A tile is 16 outputs (rows of the matrix) by all columns; tiles follow one another. In a tile,
// for each group of columns: the parameters of the 16 outputs (scales; then zeros, u8, or offsets;
// f16 or f32 as the format says), then the codes of its blocks of 32 columns, 64 bytes per bit.
//
// A block's codes are in planes of chunks of 64 bytes: byte 4 n + i of a chunk belongs to output n
// of the tile and to column 4 s + i of a step s, the four products of a dot-product instruction.
//   8 bits: 8 chunks, chunk s has the codes of step s
//   bit 2 of `bits` (4 of the code's bits): 4 chunks, chunk c has step c in the low half of each
//     byte and step c + 4 in the high half
//   bit 1 (2 bits): 2 chunks, chunk d has step 4 d + t in bits 2 t and 2 t + 1
//   bit 0 (1 bit): 1 chunk, step s in bit s
// in this order, a code's lowest bits first. Outputs and columns that are not there have scale 0
// and code 0.
//
// Pure values and functions: any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/span.h"
#include "tensor/quant/group_format.h"

namespace gerbil::kernels {

inline constexpr int64_t kOutputsPerTile = 16;
inline constexpr int64_t kChunkBytes = 64;
inline constexpr int64_t kSteps = 8;  // of four columns, in a block

struct TileLayout {
  tensor::quant::GroupFormat format;
  int64_t outputs = 0;
  int64_t columns = 0;

  int64_t tiles() const { return (outputs + kOutputsPerTile - 1) / kOutputsPerTile; }
  int64_t blocks() const { return (columns + tensor::quant::kBlock - 1) / tensor::quant::kBlock; }
  int64_t blocks_per_group() const { return format.group / tensor::quant::kBlock; }
  int64_t groups() const { return (blocks() + blocks_per_group() - 1) / blocks_per_group(); }

  int64_t scale_bytes() const { return kOutputsPerTile * tensor::size_bytes(format.scale); }
  int64_t parameter_bytes() const {
    using tensor::quant::Form;
    if (format.form == Form::kScale) return scale_bytes();
    return scale_bytes() + (format.form == Form::kScaleZero ? kOutputsPerTile : scale_bytes());
  }
  int64_t block_bytes() const { return kChunkBytes * format.bits; }
  int64_t group_bytes() const { return parameter_bytes() + blocks_per_group() * block_bytes(); }
  int64_t tile_bytes() const { return groups() * parameter_bytes() + blocks() * block_bytes(); }
  uint64_t size_bytes() const { return static_cast<uint64_t>(tiles() * tile_bytes()); }
};

// Packs up to 16 outputs, row by row: codes [outputs, columns], parameters [outputs, groups].
// Numbers that the format's type does not hold are rounded.
void pack_tile(const TileLayout& layout, int64_t outputs, const uint8_t* codes,
               const tensor::quant::GroupParameters* parameters, std::byte* tile);

// The codes of a block again, [16, 32].
void unpack_block(int bits, const std::byte* block,
                  uint8_t codes[kOutputsPerTile * tensor::quant::kBlock]);

// An output's numbers, [columns]: a row of a table.
void decode_output(const TileLayout& layout, const std::byte* data, int64_t output, float* to);

// A tile's, [16, columns].
void decode_tile(const TileLayout& layout, const std::byte* data, int64_t tile, float* to);

// What was packed, one number at a time: for reference kernels and for rows of a table.
tensor::quant::GroupParameters tile_parameters(const TileLayout& layout, const std::byte* data,
                                               int64_t output, int64_t column);
uint8_t tile_code(const TileLayout& layout, const std::byte* data, int64_t output, int64_t column);

}  // namespace gerbil::kernels
