// WeightForm: how a weight lies in host memory once packed: as numbers of one type, or
// group-quantised in tiles (kernels/packed_tiles.h). Which one, by rule:
//
//   vectors                                      f32
//   kStored                                      as stored (parts of mixed types: f32)
//   kF32, kBF16, kF16                            that type
//   kQ8, kQ6, kQ4                                so many bits, groups of 32 with an f16 scale, but
//     tables and the matrix of the logits        6 bits where others have 4, 8 where others have 6
//     fewer than 64 rows or 32 columns, routers  as stored: few bytes, and much hangs on them
//     experts whose rows are no multiple of 32   as stored
//
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "kernels/kernel.h"

namespace gerbil::backend {

struct WeightForm {
  tensor::DType dtype = tensor::DType::kF32;  // where it is not in tiles
  std::optional<tensor::quant::GroupFormat> tiles;
};

// Of every weight of the graph: [WeightId].
std::vector<WeightForm> choose_forms(const graph::Graph& graph, const graph::WeightMap& map,
                                     WeightChoice choice);

// The weight in that form, without data.
kernels::WeightView shape_view(const graph::Weight& weight, const WeightForm& form);

// "bf16", "q4": what people call it.
std::string_view encoding_name(const WeightForm& form);
// What tells the bytes of one form from those of any other: "tiles16.1 q4 g32 scale f16".
std::string layout_name(const WeightForm& form);

}  // namespace gerbil::backend
