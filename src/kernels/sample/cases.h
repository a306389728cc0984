#pragma once

#include <algorithm>
#include <cmath>

#include "kernels/sample/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::sample {

// Rows that walk through settings of temperature, top-k, top-p and min-p.
inline std::vector<graph::SampleParams> mixed_params(int64_t rows) {
  const float temperatures[] = {1, 0, 0.6f, 5, 0.01f};
  const int32_t ks[] = {0, 1, 20, 3, 1000};
  const float ps[] = {1, 0.95f, 0.5f, 0, 0.8f, 0.999f};
  const float mins[] = {0, 0.05f, 0, 1};
  std::vector<graph::SampleParams> all;
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row)
    all.push_back({.temperature = temperatures[row % 5],
                   .top_k = ks[row / 5 % 5],
                   .top_p = ps[row / 3 % 6],
                   .min_p = mins[row / 2 % 4],
                   .seed = row * 0x123456789abcdefu,
                   .position = 1000 + row});
  return all;
}

// Every fifth id forbidden, every third one pushed, back and forth.
inline Span<const graph::LogitBias> many_biases(int32_t vocab) {
  static const std::vector<graph::LogitBias> all = [] {
    std::vector<graph::LogitBias> list;
    for (int32_t id = 200000; id > 0; --id) {
      if (id % 5 == 0) list.push_back({id, -INFINITY});
      if (id % 5 != 0 && id % 3 == 0) list.push_back({id, static_cast<float>(id % 21) - 10.3f});
    }
    return list;
  }();
  const auto first =
      std::ranges::find_if(all, [&](const graph::LogitBias& bias) { return bias.id < vocab; });
  return Span<const graph::LogitBias>(all).subspan(static_cast<size_t>(first - all.begin()));
}

// Ids of a prompt and an answer of `count` ids, the first ones of the vocabulary among them.
inline Span<const graph::SeenToken> many_seen(size_t count) {
  static const std::vector<graph::SeenToken> all = [] {
    std::vector<graph::SeenToken> list;
    for (int32_t id = 0; id < 40000; ++id) list.push_back({id * 3 + id % 2, id % 7 % 4});
    return list;
  }();
  return Span<const graph::SeenToken>(all).first(count);
}

// mixed_params with penalties and bias beside them.
inline std::vector<graph::SampleParams> adjusted_params(int64_t rows, int32_t vocab) {
  const float repetitions[] = {1, 1.1f, 2, 0.7f, 1.3f};
  const float presences[] = {0, 1.5f, -0.5f};
  const float frequencies[] = {0, 0.3f, -0.2f, 2};
  std::vector<graph::SampleParams> all = mixed_params(rows);
  for (size_t row = 0; row < all.size(); ++row) {
    all[row].repetition_penalty = repetitions[row % 5];
    all[row].presence_penalty = presences[row / 2 % 3];
    all[row].frequency_penalty = frequencies[row / 3 % 4];
    if (row % 4 < 2) all[row].bias = many_biases(vocab);
    all[row].seen = many_seen(static_cast<size_t>(vocab / 4) - row);
  }
  return all;
}

inline std::vector<testing::Case> cases() {
  using namespace testing;
  const auto make = [](const char* name, ViewSpec logits, std::vector<graph::SampleParams> params,
                       Purpose purpose = Purpose::kTest) {
    logits.scale = 4;
    const auto numbers = static_cast<uint64_t>(logits.rows * logits.dim);
    return Case{.name = name,
                .op = graph::Sample{},
                .inputs = {logits},
                .outputs = {{.rows = logits.rows, .dim = 1, .dtype = tensor::DType::kI32}},
                .batch = {.sampling = std::move(params)},
                .purpose = purpose,
                .bytes = numbers * 4};
  };
  const auto with_values = [&](const char* name, std::vector<float> values,
                               const graph::SampleParams& params) {
    Case c = make(name, rows_of(1, static_cast<int64_t>(values.size())), {params});
    c.inputs[0].values = std::move(values);
    return c;
  };
  const graph::SampleParams greedy;
  const graph::SampleParams plain = {.temperature = 1, .seed = 7, .position = 3};
  const graph::SampleParams usual = {
      .temperature = 0.6f, .top_k = 20, .top_p = 0.95f, .seed = 7, .position = 3};
  std::vector<float> equal(100, 2.0f);
  std::vector<float> holes = equal;
  for (size_t i = 0; i < holes.size(); i += 3) holes[i] = i % 2 == 0 ? NAN : -INFINITY;
  std::vector<float> late_tie(77, -1.0f);
  late_tie[70] = late_tie[76] = late_tie[41] = 5;

  Case piece = make("the second piece of the wanted rows", rows_of(4, 50), mixed_params(9));
  piece.batch.first_wanted = 5;
  Case in_flight = make("penalties, ids in flight", rows_of(3, 1009), adjusted_params(3, 1009));
  in_flight.batch.wanted = {0, 1, 2};
  in_flight.batch.step_token = {6, 7, 1008};
  in_flight.batch.sampling[0].repetition_penalty = 1.2f;
  const graph::SampleParams repeating = {.temperature = 0.7f,
                                         .top_k = 20,
                                         .top_p = 0.8f,
                                         .repetition_penalty = 1.1f,
                                         .presence_penalty = 1.5f,
                                         .seen = many_seen(4000)};
  return {
      make("0 rows", rows_of(0, 64), {}),
      make("1 id", rows_of(1, 1), {plain}),
      make("greedy, tail", rows_of(1, 37), {greedy}),
      with_values("greedy, ties", late_tie, greedy),
      with_values("greedy, holes", holes, greedy),
      with_values("greedy, only NaN", std::vector<float>(40, NAN), greedy),
      with_values("only -infinity", std::vector<float>(40, -INFINITY), plain),
      with_values("equal", equal, plain),
      with_values("equal, top-k", equal, usual),
      with_values("holes", holes, plain),
      with_values("holes, usual", holes, usual),
      with_values("infinities", {1, INFINITY, 3, INFINITY, -INFINITY, NAN}, plain),
      make("every setting", rows_of(64, 1009), mixed_params(64)),
      make("every setting, gaps between rows", gapped(64, 1, 37), mixed_params(64)),
      piece,
      make("penalties and bias, every setting", rows_of(64, 1009), adjusted_params(64, 1009)),
      make("penalties and bias, gaps between rows", gapped(64, 1, 300), adjusted_params(64, 300)),
      in_flight,
      make("1 row of 151936, penalties of 4000 ids", rows_of(1, 151936), {repeating},
           Purpose::kBoth),
      make("1 row of 151936, greedy", rows_of(1, 151936), {greedy}, Purpose::kBoth),
      make("1 row of 248320, usual", rows_of(1, 248320), {usual}, Purpose::kBoth),
      make("1 row of 248320, temperature alone", rows_of(1, 248320), {plain}, Purpose::kBoth),
  };
}

}  // namespace gerbil::kernels::sample
