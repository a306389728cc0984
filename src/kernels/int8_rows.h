// Activations as int8 codes in blocks of 32 columns: tensor/quant/quantize.h's quantize_block, the
// same codes and scales on every processor.
//
// A product with weights in tiles quantises its input, unless the node that computed it left it
// quantised beside the f32 rows (Call::int8_output, Call::int8_input): while a row was in the
// first-level cache, with no pass of its own.
#pragma once

#include <cstdint>

#include "base/span.h"
#include "graph/capabilities.h"
#include "platform/cpu_features.h"
#include "platform/thread_pool.h"

namespace gerbil::kernels {

struct TensorView;

// Quantised rows; the last block is filled up with zeros.
struct Int8Rows {
  int64_t rows = 0;
  int64_t blocks = 0;       // of a row
  int8_t* codes = nullptr;  // [rows, blocks * 32]; null: there are none
  float* scales = nullptr;  // [rows, blocks]
  int32_t* sums = nullptr;  // [rows, blocks], of the block's codes
};

// Bytes of that many rows, and its parts in memory aligned to 64 bytes.
uint64_t int8_rows_bytes(int64_t rows, int64_t columns);
Int8Rows int8_rows_in(Span<std::byte> memory, int64_t rows, int64_t columns);

// `x` has rows without gaps, of to.blocks blocks or up to 31 columns less. Spread over the team.
void quantize_rows(const TensorView& x, platform::Isa isa, platform::ThreadPool& pool,
                   const Int8Rows& to);

// Operations whose cpu kernels fill Call::int8_output, of their last output.
graph::Capabilities int8_writers();

}  // namespace gerbil::kernels
