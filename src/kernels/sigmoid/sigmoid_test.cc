#include <gtest/gtest.h>

#include <cmath>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::sigmoid {
namespace {

// The largest error relative to the exact value, over -80 to 80.
double worst_error(const graph::Op& op, double (*exact)(double)) {
  constexpr int kCount = 16001;
  testing::Case c{
      .op = op, .inputs = {testing::rows_of(1, kCount)}, .outputs = {testing::rows_of(1, kCount)}};
  for (int i = 0; i < kCount; ++i)
    c.inputs[0].values.push_back(static_cast<float>(i - kCount / 2) * 0.01f + 0.003f);
  platform::ThreadPool pool(1);
  testing::BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kind_of(op), Level::kCpu, RowClass::kOne), pool);
  const std::vector<double> found = bound.observed().front().numbers;
  double worst = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double right = exact(static_cast<double>(c.inputs[0].values[i]));
    worst = std::max(worst, std::abs(found[i] - right) / std::abs(right));
  }
  return worst;
}

TEST(Sigmoid, IsGoodToAMillionthOfItselfEverywhere) {
  EXPECT_LT(worst_error(graph::Sigmoid{}, [](double x) { return 1 / (1 + std::exp(-x)); }), 1e-6);
  EXPECT_LT(worst_error(graph::Silu{}, [](double x) { return x / (1 + std::exp(-x)); }), 1e-6);
}

TEST(Sigmoid, HoldsAtTheEndsAndLetsNanThrough) {
  testing::Case c{.op = graph::Sigmoid{},
                  .inputs = {testing::rows_of(1, 5)},
                  .outputs = {testing::rows_of(1, 5)}};
  c.inputs[0].values = {INFINITY, -INFINITY, 1e30f, -1e30f, NAN};
  platform::ThreadPool pool(1);
  testing::BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kOpKindOf<graph::Sigmoid>, Level::kCpu, RowClass::kOne), pool);
  const std::vector<double> found = bound.observed().front().numbers;
  EXPECT_EQ(found[0], 1);
  EXPECT_EQ(found[1], 0);
  EXPECT_EQ(found[2], 1);
  EXPECT_EQ(found[3], 0);
  EXPECT_TRUE(std::isnan(found[4]));
}

}  // namespace
}  // namespace gerbil::kernels::sigmoid
