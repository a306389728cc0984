// The reference kernels of the primitive operations on numbers worked out by hand: every other
// kernel is compared with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels {
namespace {

using testing::BoundCase;
using testing::Case;
using ::testing::ElementsAre;
using testing::ViewSpec;

ViewSpec numbers(int64_t rows, int64_t heads, int64_t dim, std::vector<float> values) {
  return {.rows = rows, .heads = heads, .dim = dim, .values = std::move(values)};
}

std::vector<float> result_of(const Case& c) {
  platform::ThreadPool pool(1);
  BoundCase bound(c, 1);
  const KernelRow* row = find_kernel(graph::kind_of(c.op), Level::kReference, row_class(c.rows()));
  bound.run(*row, pool);
  const std::vector<double> found = bound.observed().front().numbers;
  return {found.begin(), found.end()};
}

TEST(Reference, EmbedGathersRowsAndTakesSoftOnes) {
  Case c{
      .op = graph::Embed{},
      .inputs = {{.rows = 2, .dim = 1, .dtype = tensor::DType::kI32, .ids = {2, 0}}},
      .outputs = {numbers(2, 1, 2, {})},
      .weights = {
          {.rows = 3, .columns = 2, .dtype = tensor::DType::kBF16, .values = {1, 2, 3, 4, 5, -6}}}};
  EXPECT_THAT(result_of(c), ElementsAre(5, -6, 1, 2));
  c.inputs[0].ids = {graph::kSoft, 1};
  c.batch.soft = {0};
  const std::vector<float> mixed = result_of(c);
  EXPECT_NE(mixed[0], 1);  // a given row, not one of the table's
  EXPECT_EQ(mixed[2], 3);
  EXPECT_EQ(mixed[3], 4);
}

TEST(Reference, LinearMultipliesByRowsOfTheWeightAndAddsTheBias) {
  Case c{.op = graph::Linear{},
         .inputs = {numbers(2, 1, 3, {1, 2, 3, 0, -1, 1})},
         .outputs = {numbers(2, 1, 2, {})},
         .weights = {{.rows = 2, .columns = 3, .values = {1, 10, 100, 0.5f, 0, -1}}}};
  EXPECT_THAT(result_of(c), ElementsAre(321, -2.5f, 90, -1));
  c.weights.push_back({.columns = 2, .values = {1000, 0.25f}});
  EXPECT_THAT(result_of(c), ElementsAre(1321, -2.25f, 1090, -0.75f));
  c.weights[0].dtype = tensor::DType::kF16;
  EXPECT_THAT(result_of(c), ElementsAre(1321, -2.25f, 1090, -0.75f));
}

TEST(Reference, RmsNormDividesEveryHeadByItsRootMeanSquare) {
  Case c{.op = graph::RmsNorm{1.0f},
         .inputs = {numbers(1, 2, 2, {1, 1, 4, std::sqrt(14.0f)})},  // mean squares 1 and 15
         .outputs = {numbers(1, 2, 2, {})},
         .weights = {{.columns = 2, .values = {1, 2}}}};
  const float half = 1 / std::sqrt(2.0f);
  EXPECT_THAT(result_of(c), ElementsAre(half, 2 * half, 1, std::sqrt(14.0f) / 2));
  c.weights.clear();
  EXPECT_THAT(result_of(c), ElementsAre(half, half, 1, std::sqrt(14.0f) / 4));
}

TEST(Reference, L2NormDividesEveryHeadByItsLengthAndScales) {
  const Case c{.op = graph::L2Norm{2.0f, 10.0f},
               .inputs = {numbers(1, 2, 2, {1, 1, 3, std::sqrt(5.0f)})},  // sums 2 and 14
               .outputs = {numbers(1, 2, 2, {})}};
  EXPECT_THAT(result_of(c), ElementsAre(5, 5, 7.5f, ::testing::FloatEq(2.5f * std::sqrt(5.0f))));
}

TEST(Reference, ElementwiseOperations) {
  const ViewSpec a = numbers(1, 1, 3, {-1, 0, 2});
  const ViewSpec b = numbers(1, 1, 3, {5, 7, -3});
  const ViewSpec y = numbers(1, 1, 3, {});
  const auto sigmoid = [](double x) { return static_cast<float>(1 / (1 + std::exp(-x))); };
  using ::testing::FloatEq;
  EXPECT_THAT(result_of({.op = graph::Add{}, .inputs = {a, b}, .outputs = {y}}),
              ElementsAre(4, 7, -1));
  EXPECT_THAT(result_of({.op = graph::Mul{}, .inputs = {a, b}, .outputs = {y}}),
              ElementsAre(-5, 0, -6));
  EXPECT_THAT(result_of({.op = graph::Sigmoid{}, .inputs = {a}, .outputs = {y}}),
              ElementsAre(FloatEq(sigmoid(-1)), 0.5f, FloatEq(sigmoid(2))));
  EXPECT_THAT(result_of({.op = graph::Silu{}, .inputs = {a}, .outputs = {y}}),
              ElementsAre(FloatEq(-sigmoid(-1)), 0, FloatEq(2 * sigmoid(2))));
}

TEST(Reference, RopeTurnsPairsHalfARotationApartAndCopiesTheRest) {
  const Case c{.op = graph::Rope{4},
               .inputs = {numbers(1, 1, 5, {1, 2, 3, 4, 5}),
                          numbers(1, 1, 4, {0, 0.5f, 1, 0.25f})},  // cosines 0, 1/2; sines 1, 1/4
               .outputs = {numbers(1, 1, 5, {})}};
  EXPECT_THAT(result_of(c), ElementsAre(-3, 0, 1, 2.5f, 5));
}

TEST(Reference, GatherRowsTakesThisCallsWantedRows) {
  const Case c{.op = graph::GatherRows{},
               .inputs = {numbers(3, 1, 2, {1, 2, 3, 4, 5, 6})},
               .outputs = {numbers(1, 1, 2, {})},
               .batch = {.wanted = {0, 2}, .first_wanted = 1}};
  EXPECT_THAT(result_of(c), ElementsAre(5, 6));
}

}  // namespace
}  // namespace gerbil::kernels
