// One element of a weight as a float: for reference kernels. Fast kernels convert vectors.
#pragma once

#include "kernels/kernel.h"

namespace gerbil::kernels {

inline float weight_element(const WeightView& w, int64_t row, int64_t column) {
  if (w.tiles)
    return tensor::quant::decode(*w.tiles, tile_parameters(w.layout(), w.bytes(), row, column),
                                 tile_code(w.layout(), w.bytes(), row, column));
  const int64_t i = row * w.columns + column;
  if (w.dtype == tensor::DType::kBF16) return to_float(static_cast<const BFloat16*>(w.data)[i]);
  if (w.dtype == tensor::DType::kF16) return to_float(static_cast<const Half*>(w.data)[i]);
  return w.f32()[i];
}

}  // namespace gerbil::kernels
