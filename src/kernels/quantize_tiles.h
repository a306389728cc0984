// Own quantisation, packed: rows of numbers to a tile of codes and scales, with vectors. The same
// bits as tensor/quant/quantize.h defines, on every processor.
#pragma once

#include <cstddef>

#include "kernels/packed_tiles.h"
#include "platform/cpu_features.h"

namespace gerbil::kernels {

// `rows` is [outputs, layout.columns], up to 16 outputs of finite numbers; the format has form
// kScale with f16 scales.
void quantize_tile(const TileLayout& layout, platform::Isa isa, int64_t outputs, const float* rows,
                   std::byte* tile);

}  // namespace gerbil::kernels
