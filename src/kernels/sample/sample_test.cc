// sample: which ids may come, and how often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::sample {
namespace {

using graph::SampleParams;
using ::testing::ElementsAre;

std::vector<KernelRow> kernels_of_sample() {
  std::vector<KernelRow> rows;
  for (const KernelRow& row : registry())
    if (row.op == graph::kOpKindOf<graph::Sample>) rows.push_back(row);
  return rows;
}

class EverySample : public ::testing::TestWithParam<KernelRow> {
 protected:
  std::vector<int> draw_rows(const std::vector<float>& logits,
                             const std::vector<SampleParams>& params) {
    const auto rows = static_cast<int64_t>(params.size());
    const auto vocab = static_cast<int64_t>(logits.size()) / rows;
    const testing::Case c{.op = graph::Sample{},
                          .inputs = {{.rows = rows, .dim = vocab, .values = logits}},
                          .outputs = {{.rows = rows, .dim = 1, .dtype = tensor::DType::kI32}},
                          .batch = {.sampling = params}};
    testing::BoundCase bound(c, 1);
    bound.run(GetParam(), pool_);
    const std::vector<double> ids = bound.observed().front().numbers;
    return {ids.begin(), ids.end()};
  }
  int draw(const std::vector<float>& logits, const SampleParams& params) {
    return draw_rows(logits, {params}).front();
  }
  // How often each id comes in `draws` draws at positions 0, 1, ...
  std::vector<int> counts(const std::vector<float>& logits, SampleParams params, int draws) {
    constexpr int kRows = 64;
    std::vector<float> repeated;
    for (int row = 0; row < kRows; ++row)
      repeated.insert(repeated.end(), logits.begin(), logits.end());
    std::vector<int> result(logits.size(), 0);
    for (int first = 0; first < draws; first += kRows) {
      std::vector<SampleParams> all(kRows, params);
      for (int row = 0; row < kRows; ++row)
        all[static_cast<size_t>(row)].position = static_cast<uint64_t>(first + row);
      for (int id : draw_rows(repeated, all)) ++result[static_cast<size_t>(id)];
    }
    return result;
  }
  std::set<int> support(const std::vector<float>& logits, const SampleParams& params) {
    const std::vector<int> found = counts(logits, params, 640);
    std::set<int> ids;
    for (size_t id = 0; id < found.size(); ++id)
      if (found[id] > 0) ids.insert(static_cast<int>(id));
    return ids;
  }

  platform::ThreadPool pool_{2};
};

std::vector<float> logs(std::vector<double> probabilities) {
  std::vector<float> result;
  for (double p : probabilities) result.push_back(static_cast<float>(std::log(p)));
  return result;
}

TEST_P(EverySample, IsGreedyWithoutTemperature) {
  EXPECT_EQ(draw({1, 3, 2, 3}, {}), 1);
  EXPECT_EQ(draw({1, 3, 2, 3}, {.temperature = -1}), 1);
  EXPECT_EQ(draw({NAN, -5, NAN, -INFINITY, -4}, {}), 4);
  EXPECT_EQ(draw({NAN, INFINITY, 3, INFINITY}, {}), 1);
  EXPECT_EQ(draw({NAN, NAN}, {}), 0);
  EXPECT_EQ(draw({-INFINITY, NAN}, {.temperature = 1}), 0);
}

TEST_P(EverySample, DrawsWithTheProbabilitiesOfTheSoftmax) {
  const std::vector<double> p = {0.02, 0.4, 0.08, 0.25, 0.15, 0.1};
  constexpr int kDraws = 6400;
  for (float temperature : {1.0f, 0.5f, 2.0f}) {
    std::vector<double> expected;
    double sum = 0;
    for (double one : p) expected.push_back(std::pow(one, 1 / static_cast<double>(temperature)));
    for (double one : expected) sum += one;
    const std::vector<int> found =
        counts(logs(p), {.temperature = temperature, .seed = 11}, kDraws);
    double chi_square = 0;
    for (size_t id = 0; id < p.size(); ++id) {
      const double mean = expected[id] / sum * kDraws;
      chi_square += (found[id] - mean) * (found[id] - mean) / mean;
    }
    EXPECT_LT(chi_square, 20.5) << temperature;  // one in a thousand, 5 degrees of freedom
  }
}

TEST_P(EverySample, RenormalisesWhatTheFiltersKeep) {
  constexpr int kDraws = 6400;
  const std::vector<int> found =
      counts(logs({0.1, 0.4, 0.3, 0.2}), {.temperature = 1, .top_k = 2, .seed = 3}, kDraws);
  EXPECT_EQ(found[0] + found[3], 0);
  const double mean = kDraws * 4.0 / 7;
  const double deviation = std::sqrt(mean * 3 / 7);
  EXPECT_NEAR(found[1], mean, 4 * deviation);
}

TEST_P(EverySample, TopKKeepsTheLargestAndTheirTies) {
  const std::vector<float> logits = {1, 4, 3, 4, 2, 3, 0};
  EXPECT_THAT(support(logits, {.temperature = 5, .top_k = 1}), ElementsAre(1, 3));
  EXPECT_THAT(support(logits, {.temperature = 5, .top_k = 2}), ElementsAre(1, 3));
  EXPECT_THAT(support(logits, {.temperature = 5, .top_k = 3}), ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(support(logits, {.temperature = 5, .top_k = 7}), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(support(logits, {.temperature = 5, .top_k = 100}), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(support({1, NAN, 2, -INFINITY}, {.temperature = 5, .top_k = 3}), ElementsAre(0, 2));
}

TEST_P(EverySample, TopPKeepsTheFewestThatReachIt) {
  const std::vector<float> logits = logs({0.1, 0.4, 0.2, 0.3});
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 0}), ElementsAre(1));
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 0.39f}), ElementsAre(1));
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 0.41f}), ElementsAre(1, 3));
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 0.69f}), ElementsAre(1, 3));
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 0.71f}), ElementsAre(1, 2, 3));
  EXPECT_THAT(support(logits, {.temperature = 1, .top_p = 1}), ElementsAre(0, 1, 2, 3));
  // Of what top-k kept: 0.4 of 0.7 is more than half.
  EXPECT_THAT(support(logits, {.temperature = 1, .top_k = 2, .top_p = 0.5f}), ElementsAre(1));
  // After the temperature: 0.4^(1/2) and so on are nearly equal.
  EXPECT_THAT(support(logits, {.temperature = 2, .top_p = 0.39f}), ElementsAre(1, 3));
}

TEST_P(EverySample, MinPKeepsThoseWithinAFractionOfTheLargest) {
  const std::vector<float> logits = logs({0.1, 0.4, 0.2, 0.3});
  EXPECT_THAT(support(logits, {.temperature = 1, .min_p = 1}), ElementsAre(1));
  EXPECT_THAT(support(logits, {.temperature = 1, .min_p = 0.74f}), ElementsAre(1, 3));
  EXPECT_THAT(support(logits, {.temperature = 1, .min_p = 0.49f}), ElementsAre(1, 2, 3));
  EXPECT_THAT(support(logits, {.temperature = 1, .min_p = 0.24f}), ElementsAre(0, 1, 2, 3));
}

TEST_P(EverySample, OneRowsIdDoesNotDependOnItsCompany) {
  const size_t vocab = 300;
  std::vector<float> logits;
  std::vector<SampleParams> params;
  for (size_t row = 0; row < 20; ++row) {
    for (size_t id = 0; id < vocab; ++id)
      logits.push_back(3 * std::sin(static_cast<float>(id * id + 31 * row)));
    params.push_back({.temperature = 1.5f,
                      .top_k = row % 2 == 0 ? 0 : 40,
                      .top_p = 0.9f,
                      .seed = row,
                      .position = 5 * row});
  }
  const std::vector<int> together = draw_rows(logits, params);
  std::set<int> different;
  for (size_t row = 0; row < params.size(); ++row) {
    const auto begin = logits.begin() + static_cast<int64_t>(row * vocab);
    const std::vector<float> own(begin, begin + static_cast<int64_t>(vocab));
    EXPECT_EQ(draw(own, params[row]), together[row]) << row;
    different.insert(together[row]);
  }
  EXPECT_GT(different.size(), 10u);  // they are draws
}

INSTANTIATE_TEST_SUITE_P(Registry, EverySample, ::testing::ValuesIn(kernels_of_sample()),
                         [](const ::testing::TestParamInfo<KernelRow>& row) {
                           return std::string(row.param.name);
                         });

}  // namespace
}  // namespace gerbil::kernels::sample
