// The whole chain from logits to the drawn id against transformers' formulas, transcribed into
// doubles: sequence_bias, RepetitionPenaltyLogitsProcessor, then presence and frequency penalties
// as OpenAI's API defines them, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
// MinPLogitsWarper (generation/logits_process.py), softmax, and a draw along falling probability.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/registry.h"
#include "kernels/sample/cases.h"
#include "kernels/sample/draw.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::sample {
namespace {

using graph::SampleParams;

constexpr double kLow = -std::numeric_limits<double>::infinity();

struct Oracle {
  size_t id = 0;
  double margin = std::numeric_limits<double>::infinity();  // to the nearest decision, relative

  void decide(double value, double border) {
    margin = std::min(margin, std::abs(value - border) / std::max(std::abs(border), 1e-30));
  }
};

std::vector<double> softmax(const std::vector<double>& scores) {
  const double largest = *std::ranges::max_element(scores);
  std::vector<double> p;
  double sum = 0;
  for (double score : scores) sum += p.emplace_back(std::exp(score - largest));
  for (double& one : p) one /= sum;
  return p;
}

// By rising score; of equal ones the higher id first.
std::vector<size_t> rising(const std::vector<double>& scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a > b;
  });
  return order;
}

Oracle oracle(const std::vector<float>& logits, const SampleParams& params) {
  Oracle result;
  std::vector<double> scores(logits.begin(), logits.end());
  for (const graph::LogitBias& bias : params.bias)
    scores[static_cast<size_t>(bias.id)] += static_cast<double>(bias.bias);
  for (const graph::SeenToken& seen : params.seen) {
    double& score = scores[static_cast<size_t>(seen.id)];
    const auto penalty = static_cast<double>(params.repetition_penalty);
    score = score < 0 ? score * penalty : score / penalty;
    const int once = seen.drawn > 0 ? 1 : 0;
    score -= seen.drawn * static_cast<double>(params.frequency_penalty) +
             once * static_cast<double>(params.presence_penalty);
  }
  std::vector<size_t> order = rising(scores);
  if (params.temperature <= 0) {
    result.id = order.back();
    result.decide(scores[order[order.size() - 2]], scores[order.back()]);
    return result;
  }
  for (double& score : scores) score /= static_cast<double>(params.temperature);
  if (params.top_k > 0) {
    const size_t k = std::min(static_cast<size_t>(params.top_k), scores.size());
    const double least = scores[order[scores.size() - k]];
    for (size_t i = 0; i + k < scores.size(); ++i) {
      if (scores[order[i]] > kLow) result.decide(scores[order[i]], least);
      if (scores[order[i]] < least) scores[order[i]] = kLow;
    }
  }
  if (params.top_p < 1) {
    const std::vector<double> p = softmax(scores);
    const double removed = 1 - static_cast<double>(params.top_p);
    double cumulative = 0;
    for (size_t i = 0; i + 1 < order.size(); ++i) {  // the last one stays
      if (p[order[i]] == 0) {
        scores[order[i]] = kLow;
        continue;
      }
      cumulative += p[order[i]];
      result.decide(1 - cumulative, 1 - removed);
      if (cumulative <= removed) scores[order[i]] = kLow;
    }
  }
  if (params.min_p > 0) {
    const std::vector<double> p = softmax(scores);
    const double least = *std::ranges::max_element(p) * static_cast<double>(params.min_p);
    for (size_t i = 0; i + 1 < order.size(); ++i) {
      if (p[order[i]] == 0) continue;
      result.decide(p[order[i]], least);
      if (p[order[i]] < least) scores[order[i]] = kLow;
    }
  }
  const std::vector<double> p = softmax(scores);
  const double u = random_word(params) * 0x1p-32;
  double cumulative = 0;
  result.id = order.back();
  bool found = false;
  for (size_t i = order.size(); i-- > 0;) {
    if (p[order[i]] == 0) break;
    cumulative += p[order[i]];
    result.decide(u, cumulative);
    if (!found && cumulative > u) result.id = order[i], found = true;
  }
  return result;
}

class EverySampleByOracle : public ::testing::TestWithParam<KernelRow> {};

TEST_P(EverySampleByOracle, DrawsWhatTheFormulasDraw) {
  platform::ThreadPool pool(2);
  int compared = 0;
  for (const int64_t vocab : {7, 64, 500}) {
    for (int round = 0; round < 12; ++round) {
      constexpr int64_t kRows = 60;
      std::vector<SampleParams> params = adjusted_params(kRows, 500);
      std::vector<std::vector<graph::LogitBias>> biases(kRows);
      std::vector<std::vector<graph::SeenToken>> seen(kRows);
      std::vector<float> logits;
      for (size_t row = 0; row < kRows; ++row) {
        params[row].seed += static_cast<uint64_t>(round) << 32;
        for (const graph::LogitBias& bias : params[row].bias)
          if (bias.id < vocab) biases[row].push_back(bias);
        for (const graph::SeenToken& token : params[row].seen)
          if (token.id < vocab) seen[row].push_back(token);
        params[row].bias = biases[row];
        params[row].seen = seen[row];
        for (int64_t id = 0; id < vocab; ++id)  // -4 to 4, all different
          logits.push_back(
              8 * static_cast<float>(philox({static_cast<uint32_t>(row), static_cast<uint32_t>(id),
                                             static_cast<uint32_t>(round), 0},
                                            1, 2)[0] *
                                     0x1p-32) -
              4);
      }
      const testing::Case c{.op = graph::Sample{},
                            .inputs = {{.rows = kRows, .dim = vocab, .values = logits}},
                            .outputs = {{.rows = kRows, .dim = 1, .dtype = tensor::DType::kI32}},
                            .batch = {.sampling = params}};
      testing::BoundCase bound(c, 1);
      bound.run(GetParam(), pool);
      const std::vector<double> ids = bound.observed().front().numbers;
      for (size_t row = 0; row < kRows; ++row) {
        const auto begin = logits.begin() + static_cast<int64_t>(row) * vocab;
        const Oracle expected = oracle({begin, begin + vocab}, params[row]);
        // Closer than f32 can tell apart.
        if (expected.margin < 1e-5) continue;
        ++compared;
        EXPECT_EQ(ids[row], static_cast<double>(expected.id))
            << "row " << row << ", vocabulary " << vocab << ", margin " << expected.margin;
      }
    }
  }
  EXPECT_GT(compared, 1800);  // of 2160
}

std::vector<KernelRow> kernels_of_sample() {
  std::vector<KernelRow> rows;
  for (const KernelRow& row : registry())
    if (row.op == graph::kOpKindOf<graph::Sample>) rows.push_back(row);
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Registry, EverySampleByOracle, ::testing::ValuesIn(kernels_of_sample()),
                         [](const ::testing::TestParamInfo<KernelRow>& row) {
                           return std::string(row.param.name);
                         });

}  // namespace
}  // namespace gerbil::kernels::sample
