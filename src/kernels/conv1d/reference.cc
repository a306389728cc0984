#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/kernel.h"

namespace gerbil::kernels::conv1d {
namespace {

void convolve_run(const Call& call, const graph::Run& run) {
  const auto& attributes = call.attributes<graph::Conv1d>();
  const TensorView& x = call.inputs[0];
  const int64_t kernel = attributes.kernel;
  const auto elements = static_cast<size_t>(x.width() * kernel);
  const float* weights = call.weights[0].f32();
  std::vector<float> state(elements, 0.0f);  // [channels, kernel]
  if (run.state_in != graph::kZeroState)
    std::copy_n(call.slots.slot(run.state_in), elements, state.begin());

  size_t write = 0;
  for (int64_t row = run.first; row < run.first + run.count; ++row) {
    for (int64_t c = 0; c < x.width(); ++c) {
      float* window = state.data() + c * kernel;
      for (int64_t j = 0; j + 1 < kernel; ++j) window[j] = window[j + 1];
      window[kernel - 1] = x.f32(row, c / x.dim)[c % x.dim];
      float sum = 0;
      for (int64_t j = 0; j < kernel; ++j) sum += weights[c * kernel + j] * window[j];
      if (attributes.silu) sum /= 1.0f + std::exp(-sum);
      call.outputs[0].f32(row, c / x.dim)[c % x.dim] = sum;
    }
    for (; write < run.writes.size() && run.writes[write].after_row == row; ++write)
      std::copy(state.begin(), state.end(), call.slots.slot(run.writes[write].slot));
  }
}

}  // namespace

void reference(const Call& call) {
  for (const graph::Run& run : call.step->batch->runs) convolve_run(call, run);
}

}  // namespace gerbil::kernels::conv1d
