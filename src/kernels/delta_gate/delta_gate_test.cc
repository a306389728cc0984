// delta_gate against float64, where exp and log1p are steep, flat or far from one another.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::delta_gate {
namespace {

TEST(DeltaGate, KeepsItsRelativePrecisionFromTinyToLargeSteps) {
  testing::ViewSpec x{.rows = 1, .dim = 60};
  for (int i = 0; i < 60; ++i) x.values.push_back(static_cast<float>(i) * 0.75f - 30.0f);
  const testing::Case c{.op = graph::DeltaGate{},
                        .inputs = {x, x},
                        .outputs = {{.rows = 1, .dim = 60}, {.rows = 1, .dim = 60}},
                        .weights = {{.columns = 60, .values = std::vector<float>(60, 0.5f)},
                                    {.columns = 60, .values = std::vector<float>(60, -0.25f)}}};
  platform::ThreadPool pool(1);
  for (Level level : {Level::kReference, Level::kCpu}) {
    testing::BoundCase bound(c, 1);
    bound.run(*find_kernel(graph::kind_of(c.op), level, RowClass::kOne), pool);
    const std::vector<testing::Observed> observed = bound.observed();
    for (size_t i = 0; i < x.values.size(); ++i) {
      const double at = static_cast<double>(x.values[i]);
      const double g = -std::exp(0.5) * std::log1p(std::exp(at - 0.25));
      const double beta = 1 / (1 + std::exp(-at));
      EXPECT_NEAR(observed[0].numbers[i], g, std::abs(g) * 2e-6) << at;
      EXPECT_NEAR(observed[1].numbers[i], beta, beta * 2e-6) << at;
    }
  }
}

}  // namespace
}  // namespace gerbil::kernels::delta_gate
