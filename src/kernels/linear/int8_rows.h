// Activations as int8 codes in blocks of 32 columns: tensor/quant/quantize.h's quantize_block, the
// same codes and scales on every processor.
#pragma once

#include <cstdint>

#include "base/span.h"
#include "kernels/kernel.h"
#include "tensor/quant/group_format.h"

namespace gerbil::kernels::linear {

// Quantised rows; the last block is filled up with zeros.
struct Int8Rows {
  int64_t rows = 0;
  int64_t blocks = 0;
  int8_t* codes = nullptr;  // [rows, blocks * 32]
  float* scales = nullptr;  // [rows, blocks]
  int32_t* sums = nullptr;  // [rows, blocks], of the block's codes
};

// Scratch of that many rows, and its parts.
uint64_t int8_rows_bytes(int64_t rows, int64_t columns);
Int8Rows int8_rows_in(Span<std::byte> scratch, int64_t rows, int64_t columns);

// `x` has rows without gaps, of to.blocks blocks or up to 31 columns less. Spread over the team.
void quantize_rows(const TensorView& x, platform::Isa isa, platform::ThreadPool& pool,
                   const Int8Rows& to);

}  // namespace gerbil::kernels::linear
