#pragma once

#include <algorithm>

#include "kernels/experts/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::experts {

struct Sizes {
  int64_t experts = 4, top_k = 2, in = 64, inner = 32, out = 64;
};

// Row r's choice s is expert (a mixed-up number of r, plus s times an odd step) % experts.
inline testing::Case make_case(int64_t rows, const Sizes& z, tensor::DType dtype,
                               testing::Purpose purpose = testing::Purpose::kTest) {
  using namespace testing;
  ViewSpec ids{.rows = rows, .dim = z.top_k, .dtype = tensor::DType::kI32};
  std::vector<bool> used(static_cast<size_t>(z.experts));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t s = 0; s < z.top_k; ++s) {
      const int64_t e = (r * 7919 % 1009 + s) % z.experts;
      ids.ids.push_back(static_cast<int32_t>(e));
      used[static_cast<size_t>(e)] = true;
    }
  ViewSpec weights = rows_of(rows, z.top_k);
  weights.scale = 0.2f;
  weights.mean = 1.0f / static_cast<float>(z.top_k);
  const auto choices = static_cast<uint64_t>(rows * z.top_k);
  const auto matrix = static_cast<uint64_t>(z.inner * (2 * z.in + z.out));
  const auto read = static_cast<uint64_t>(std::count(used.begin(), used.end(), true));
  return Case{
      .name = std::to_string(rows) + " rows, " + std::to_string(z.top_k) + " of " +
              std::to_string(z.experts) + ", " + std::to_string(z.in) + " to " +
              std::to_string(z.inner) + " to " + std::to_string(z.out) + ", " +
              std::string(tensor::name(dtype)),
      .op = graph::Experts{},
      .inputs = {rows_of(rows, z.in), ids, weights},
      .outputs = {rows_of(rows, z.out)},
      .weights =
          {{.rows = 2 * z.inner,
            .columns = z.in,
            .count = z.experts,
            .dtype = dtype,
            .scale = 0.1f},
           {.rows = z.out, .columns = z.inner, .count = z.experts, .dtype = dtype, .scale = 0.1f}},
      .purpose = purpose,
      .tolerance = kTolerance,
      .bytes = read * matrix * tensor::size_bytes(dtype) +
               4 * static_cast<uint64_t>(rows * (z.in + z.out)),
      .operations = 2 * choices * matrix};
}

inline std::vector<testing::Case> cases() {
  using namespace testing;
  using tensor::DType;
  std::vector<Case> all;
  for (DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    all.push_back(make_case(0, {}, dtype));
    all.push_back(make_case(1, {.experts = 1, .top_k = 1, .in = 1, .inner = 1, .out = 1}, dtype));
    for (int64_t rows : {1, 2, 5, 9, 33}) {
      all.push_back(make_case(rows, {}, dtype));
      // Tails everywhere.
      all.push_back(
          make_case(rows, {.experts = 5, .top_k = 3, .in = 67, .inner = 21, .out = 43}, dtype));
    }
    Case odd = make_case(9, {.experts = 3, .top_k = 2, .in = 51, .inner = 13, .out = 29}, dtype);
    odd.name += ", misaligned and gapped";
    odd.inputs[0].row_gap = odd.outputs[0].row_gap = odd.inputs[2].row_gap = 3;
    odd.inputs[0].shift = odd.outputs[0].shift = odd.weights[0].shift = odd.weights[1].shift = 1;
    all.push_back(odd);
  }
  Case one =
      make_case(300, {.experts = 6, .top_k = 2, .in = 40, .inner = 24, .out = 40}, DType::kBF16);
  one.name += ", all rows to experts 4 and 1";
  for (size_t i = 0; i < one.inputs[1].ids.size(); ++i) one.inputs[1].ids[i] = i % 2 == 0 ? 4 : 1;
  all.push_back(one);
  one = make_case(7, {.experts = 6, .top_k = 2}, DType::kF32);
  one.name += ", one expert twice";  // the contract allows it
  std::fill(one.inputs[1].ids.begin(), one.inputs[1].ids.end(), 5);
  all.push_back(one);
  // Several pieces of a step.
  all.push_back(
      make_case(1100, {.experts = 9, .top_k = 2, .in = 24, .inner = 9, .out = 17}, DType::kF32));
  // Wider than a task.
  all.push_back(
      make_case(3, {.experts = 2, .top_k = 1, .in = 16, .inner = 300, .out = 270}, DType::kBF16));
  // In tiles.
  const auto in_tiles = [](Case c, uint8_t bits, bool int8) {
    for (WeightSpec& weight : c.weights) weight.tiles = tensor::quant::GroupFormat{.bits = bits};
    c.int8_activations = int8;
    c.name += ", " + std::to_string(bits) + " bits" + (int8 ? ", int8" : "");
    return c;
  };
  for (const bool int8 : {false, true})
    for (const uint8_t bits : {4, 6, 8}) {
      for (const int64_t rows : {1, 5, 33})
        all.push_back(in_tiles(make_case(rows, {}, DType::kF32), bits, int8));
      all.push_back(in_tiles(
          make_case(9, {.experts = 5, .top_k = 3, .in = 67, .inner = 48, .out = 43}, DType::kF32),
          bits, int8));
      all.push_back(
          in_tiles(make_case(600, {.experts = 3, .top_k = 2, .in = 32, .inner = 144, .out = 150},
                             DType::kF32),
                   bits, int8));
    }
  // Qwen3-30B-A3B, and a 16th of its experts where memory is compared number by number.
  const Sizes large{.experts = 128, .top_k = 8, .in = 2048, .inner = 768, .out = 2048};
  Sizes part = large;
  part.experts = 8;
  part.top_k = 2;
  all.push_back(make_case(1, part, DType::kBF16));
  for (int64_t rows : {1, 8, 64, 512})
    all.push_back(make_case(rows, large, DType::kBF16, Purpose::kBench));
  return all;
}

}  // namespace gerbil::kernels::experts
