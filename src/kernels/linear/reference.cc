#include <algorithm>
#include <vector>

#include "base/check.h"
#include "kernels/linear/int8_reference.h"
#include "kernels/weight_element.h"
#include "tensor/quant/quantize.h"

namespace gerbil::kernels::linear {

void int8_product(const float* x, const WeightView& w, const float* bias, float* y) {
  using tensor::quant::kBlock;
  const TileLayout layout = w.layout();
  std::vector<int8_t> codes(static_cast<size_t>(w.columns));
  std::vector<float> scales(static_cast<size_t>(layout.blocks()));
  for (int64_t k = 0; k < w.columns; k += kBlock) {
    const auto count = static_cast<size_t>(std::min(kBlock, w.columns - k));
    scales[static_cast<size_t>(k / kBlock)] =
        tensor::quant::quantize_block({x + k, count}, {codes.data() + k, count});
  }
  for (int64_t n = 0; n < w.rows; ++n) {
    float result = 0;
    for (int64_t k = 0; k < w.columns; k += kBlock) {
      const auto p = tile_parameters(layout, w.bytes(), n, k);
      int32_t sum = 0, x_sum = 0;
      for (int64_t i = k; i < std::min(w.columns, k + kBlock); ++i) {
        const int32_t code = tile_code(layout, w.bytes(), n, i);
        sum += (code - zero_code(*w.tiles, p)) * codes[static_cast<size_t>(i)];
        x_sum += codes[static_cast<size_t>(i)];
      }
      const float x_scale = scales[static_cast<size_t>(k / kBlock)];
      result += static_cast<float>(sum) * (p.scale * x_scale);
      if (w.tiles->form == tensor::quant::Form::kScaleOffset)
        result += (x_scale * static_cast<float>(x_sum)) * p.offset;
    }
    y[n] = bias == nullptr ? result : result + bias[n];
  }
}

void reference(const Call& call) {
  const TensorView& x = call.inputs[0];
  const TensorView& y = call.outputs[0];
  const WeightView& w = call.weights[0];
  const float* bias = call.weights.size() > 1 ? call.weights[1].f32() : nullptr;
  GERBIL_ASSERT(x.contiguous_rows() && x.width() == w.columns && y.width() == w.rows);
  if (w.tiles && call.int8_activations) {
    for (int64_t row = 0; row < x.rows; ++row) int8_product(x.f32(row), w, bias, y.f32(row));
    return;
  }
  for (int64_t n = 0; n < w.rows; ++n) {
    for (int64_t row = 0; row < x.rows; ++row) {
      const float* from = x.f32(row);
      float sum = 0;
      for (int64_t k = 0; k < w.columns; ++k) sum += from[k] * weight_element(w, n, k);
      y.f32(row)[n] = bias == nullptr ? sum : sum + bias[n];
    }
  }
}

}  // namespace gerbil::kernels::linear
