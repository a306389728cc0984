#pragma once

#include "kernels/embed/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::embed {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  using tensor::DType;
  const auto make = [](const char* name, std::vector<int32_t> ids, int64_t vocab, int64_t dim,
                       DType dtype, std::vector<int32_t> soft = {},
                       Purpose purpose = Purpose::kTest) {
    const auto rows = static_cast<int64_t>(ids.size());
    return Case{.name = name,
                .op = graph::Embed{},
                .inputs = {{.rows = rows, .dim = 1, .dtype = DType::kI32, .ids = std::move(ids)}},
                .outputs = {{.rows = rows, .dim = dim, .row_gap = 3, .shift = 1}},
                .weights = {{.rows = vocab, .columns = dim, .dtype = dtype, .shift = 1}},
                .batch = {.soft = std::move(soft)},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = static_cast<uint64_t>(rows * dim) * (4 + tensor::size_bytes(dtype))};
  };
  const auto in_tiles = [&](int64_t dim, tensor::quant::GroupFormat format) {
    Case c = make("", {0, 36, 16, 15, 36}, 37, dim, DType::kF32);
    c.name = "tiles of " + std::to_string(format.bits) + " bits, dim " + std::to_string(dim);
    c.weights[0].tiles = format;
    c.weights[0].shift = 0;
    return c;
  };
  using tensor::quant::Form;
  constexpr int32_t kSoft = graph::kSoft;
  std::vector<int32_t> many(300);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int32_t>(i * 37 % 1000);
  return {
      make("0 rows", {}, 5, 8, DType::kF32),
      make("1 row, f32", {4}, 5, 8, DType::kF32),
      make("tail, f16", {0, 6, 3, 3}, 7, 37, DType::kF16),
      make("tail, bf16", {6, 0, 1}, 7, 37, DType::kBF16),
      make("soft rows between others", {1, kSoft, kSoft, 0, kSoft}, 2, 33, DType::kBF16, {1, 2, 4}),
      make("1 row of 1024, bf16", {999}, 1000, 1024, DType::kBF16, {}, Purpose::kBoth),
      make("300 rows of 1024, bf16", many, 1000, 1024, DType::kBF16, {}, Purpose::kBoth),
      make("300 rows of 1024, f32", many, 1000, 1024, DType::kF32),
      in_tiles(96, {4, Form::kScale, 32, DType::kF16}),
      in_tiles(200, {6, Form::kScaleZero, 64, DType::kF32}),
      in_tiles(77, {8, Form::kScaleOffset, 128, DType::kF16}),
      in_tiles(33, {3, Form::kScale, 32, DType::kF16}),
  };
}

}  // namespace gerbil::kernels::embed
