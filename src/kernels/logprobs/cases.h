#pragma once

#include <cmath>

#include "kernels/logprobs/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::logprobs {

inline std::vector<testing::Case> cases() {
  using namespace testing;
  // Rows that ask for 20, 0, 3, 20 ... alternatives.
  const auto make = [](const char* name, ViewSpec logits, Purpose purpose = Purpose::kTest) {
    logits.scale = 4;
    constexpr int32_t kWanted[] = {20, 0, 3, 20, 1};
    Case c{.name = name,
           .op = graph::Logprobs{},
           .inputs = {logits, {.rows = logits.rows, .dim = 1, .dtype = tensor::DType::kI32}},
           .outputs = {{.rows = logits.rows, .dim = 1 + graph::kMaxLogprobs},
                       {.rows = logits.rows,
                        .dim = graph::kMaxLogprobs,
                        .dtype = tensor::DType::kI32}},
           .purpose = purpose,
           .tolerance = kTolerance,
           .bytes = static_cast<uint64_t>(logits.rows * logits.dim) * 4};
    for (int64_t row = 0; row < logits.rows; ++row) {
      c.inputs[1].ids.push_back(static_cast<int32_t>((row * 7919 + 13) % logits.dim));
      c.batch.sampling.push_back({.logprobs = kWanted[row % 5]});
    }
    return c;
  };
  const auto with_values = [&](const char* name, std::vector<float> values) {
    Case c = make(name, rows_of(1, static_cast<int64_t>(values.size())));
    c.inputs[0].values = std::move(values);
    return c;
  };
  std::vector<float> ties(77, -1.0f);
  ties[70] = ties[76] = ties[41] = 5;
  std::vector<float> far(50, 1000.0f);  // exp of any difference but 0 is 0
  for (size_t i = 0; i < far.size(); ++i) far[i] = -500.0f * static_cast<float>(i % 3);

  Case piece = make("the second piece of the wanted rows", rows_of(4, 50));
  piece.batch.first_wanted = 5;
  piece.batch.sampling.assign(9, {.logprobs = 5});
  return {
      make("0 rows", rows_of(0, 64)),
      make("1 id", rows_of(1, 1)),
      make("fewer ids than asked for", rows_of(5, 7)),
      make("tail", rows_of(1, 37)),
      with_values("ties", ties),
      with_values("all equal", std::vector<float>(100, 2.0f)),
      with_values("far apart", far),
      with_values("only NaN", std::vector<float>(40, NAN)),
      with_values("only -infinity", std::vector<float>(40, -INFINITY)),
      make("many rows", rows_of(64, 1009)),
      make("gaps between rows", gapped(64, 1, 37)),
      piece,
      make("1 row of 151936", rows_of(1, 151936), Purpose::kBoth),
      make("1 row of 248320", rows_of(1, 248320), Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::logprobs
