#pragma once

#include "kernels/linear/contract.h"
#include "kernels/packed_tiles.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::linear {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  using tensor::DType;
  const auto make = [](int64_t rows, int64_t in, int64_t out, DType dtype,
                       Purpose purpose = Purpose::kTest) {
    const auto r = static_cast<uint64_t>(rows);
    const auto k = static_cast<uint64_t>(in);
    const auto n = static_cast<uint64_t>(out);
    return Case{.name = std::to_string(rows) + " rows, " + std::to_string(in) + " to " +
                        std::to_string(out) + ", " + std::string(tensor::name(dtype)),
                .op = graph::Linear{},
                .inputs = {rows_of(rows, in)},
                .outputs = {rows_of(rows, out)},
                .weights = {{.rows = out, .columns = in, .dtype = dtype, .scale = 0.05f}},
                .purpose = purpose,
                .tolerance = kTolerance,
                .bytes = n * k * tensor::size_bytes(dtype) + 4 * r * (n + k),
                .operations = 2 * r * n * k};
  };
  std::vector<Case> all;
  for (DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    all.push_back(make(0, 32, 8, dtype));
    all.push_back(make(1, 1, 1, dtype));
    // Tails of the vectors along K and of the tiles of rows and outputs.
    for (int64_t rows : {1, 2, 3, 5, 6, 7, 8, 13}) all.push_back(make(rows, 67, 11, dtype));
    for (int64_t in : {8, 15, 16, 17, 31, 64}) all.push_back(make(4, in, 5, dtype));
    for (int64_t out : {1, 2, 3, 4, 6, 9, 70}) all.push_back(make(3, 48, out, dtype));
    all.push_back(make(70, 130, 37, dtype));
    Case odd = make(9, 51, 13, dtype);
    odd.name += ", misaligned and gapped, with bias";
    odd.inputs[0].row_gap = odd.outputs[0].row_gap = 3;
    odd.inputs[0].shift = odd.outputs[0].shift = odd.weights[0].shift = 1;
    odd.weights.push_back({.columns = 13, .shift = 1});
    all.push_back(odd);
    odd.inputs[0] = {.rows = 9, .heads = 3, .dim = 17, .row_gap = 3};
    odd.name += ", heads";
    all.push_back(odd);
    Case decode = make(1, 1024, 3072, dtype, Purpose::kBoth);
    decode.weights.push_back({.columns = 3072});
    all.push_back(decode);
  }
  for (DType dtype : {DType::kF32, DType::kBF16}) {
    for (int64_t rows : {2, 4, 8, 64, 512})
      all.push_back(make(rows, 1024, 3072, dtype, Purpose::kBench));
    all.push_back(make(512, 3072, 1024, dtype, Purpose::kBench));
    all.push_back(make(1, 1024, 151936, dtype, Purpose::kBench));
  }
  all.push_back(make(33, 3072, 200, DType::kBF16));

  // Weights in tiles: every width and form, with rows as they are and as int8.
  const auto in_tiles = [&](int64_t rows, int64_t in, int64_t out,
                            tensor::quant::GroupFormat format, bool int8,
                            Purpose purpose = Purpose::kTest) {
    constexpr const char* kForms[] = {"scale", "scale and zero", "scale and offset"};
    Case c = make(rows, in, out, DType::kF32, purpose);
    c.weights[0].tiles = format;
    c.int8_activations = int8;
    c.name = std::to_string(rows) + " rows" + (int8 ? " as int8" : "") + ", " + std::to_string(in) +
             " to " + std::to_string(out) + ", " + std::to_string(format.bits) + " bits, " +
             kForms[static_cast<int>(format.form)] + " in " +
             std::string(tensor::name(format.scale)) + " per " + std::to_string(format.group);
    c.bytes =
        TileLayout{format, out, in}.size_bytes() + 4 * static_cast<uint64_t>(rows * (in + out));
    return c;
  };
  using tensor::quant::Form;
  for (bool int8 : {false, true}) {
    for (Form form : {Form::kScale, Form::kScaleZero, Form::kScaleOffset})
      for (uint8_t bits = 2; bits <= 8; ++bits) {
        all.push_back(in_tiles(1, 96, 40, {bits, form, 32, DType::kF16}, int8));
        all.push_back(in_tiles(7, 200, 37, {bits, form, 64, DType::kF32}, int8));
        all.push_back(in_tiles(31, 300, 19, {bits, form, 128, DType::kF16}, int8));
      }
    all.push_back(in_tiles(0, 64, 16, {}, int8));
    all.push_back(in_tiles(1, 1, 1, {}, int8));
    for (int64_t rows : {1, 2, 3, 4, 5, 8, 11, 12, 13, 26})
      all.push_back(in_tiles(rows, 64, 70, {}, int8));
    Case odd = in_tiles(9, 51, 13, {}, int8);
    odd.name += ", misaligned and gapped, with bias";
    odd.inputs[0].row_gap = odd.outputs[0].row_gap = 3;
    odd.inputs[0].shift = odd.outputs[0].shift = 1;
    odd.weights.push_back({.columns = 13, .shift = 1});
    all.push_back(odd);
    all.push_back(in_tiles(70, 1024, 530, {}, int8));
  }
  for (uint8_t bits : {4, 6, 8}) {
    for (int64_t rows : {1, 2, 8, 64, 512})
      all.push_back(in_tiles(rows, 1024, 3072, {.bits = bits}, true, Purpose::kBench));
    all.push_back(in_tiles(512, 3072, 1024, {.bits = bits}, true, Purpose::kBench));
    all.push_back(in_tiles(1, 1024, 151936, {.bits = bits}, true, Purpose::kBench));
  }
  return all;
}

}  // namespace gerbil::kernels::linear
