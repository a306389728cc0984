#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::route {
namespace {

using testing::BoundCase;
using testing::Case;
using ::testing::ElementsAre;
using testing::Observed;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Chosen {
  std::vector<double> ids;
  std::vector<double> weights;
};

Chosen choose(Level level, std::vector<float> logits, int64_t top_k, bool normalise) {
  const auto experts = static_cast<int64_t>(logits.size());
  const Case c{
      .op = graph::Route{top_k, normalise},
      .inputs = {{.rows = 1, .dim = experts, .values = std::move(logits)}},
      .outputs = {{.rows = 1, .dim = top_k, .dtype = tensor::DType::kI32},
                  testing::rows_of(1, top_k)},
  };
  platform::ThreadPool pool(1);
  BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kOpKindOf<graph::Route>, level, RowClass::kOne), pool);
  const std::vector<Observed> found = bound.observed();
  return {found[0].numbers, found[1].numbers};
}

TEST(Route, TakesTheLargestAndTheLowerIdOfEqualOnes) {
  for (const Level level : {Level::kReference, Level::kCpu}) {
    EXPECT_THAT(choose(level, {0, 3, 1, 3, 2}, 4, true).ids, ElementsAre(1, 3, 4, 2));
    EXPECT_THAT(choose(level, {0, 0, 0, 0}, 2, true).ids, ElementsAre(0, 1));
    // Their probabilities are both nothing, their order is not.
    EXPECT_THAT(choose(level, {-500, -400, 0}, 2, true).ids, ElementsAre(2, 1));
  }
}

TEST(Route, WeightsAreProbabilitiesOverAllExperts) {
  const float ln2 = std::log(2.0f);
  const auto near = [](double value) { return ::testing::DoubleNear(value, 1e-6); };
  for (const Level level : {Level::kReference, Level::kCpu}) {
    // exp: 1, 4, 2, 1
    const std::vector<float> logits = {0, 2 * ln2, ln2, 0};
    EXPECT_THAT(choose(level, logits, 2, false).weights, ElementsAre(near(0.5), near(0.25)));
    EXPECT_THAT(choose(level, logits, 2, true).weights, ElementsAre(near(2.0 / 3), near(1.0 / 3)));
  }
}

TEST(Route, IdsAreValidWhateverTheLogits) {
  for (const Level level : {Level::kReference, Level::kCpu}) {
    EXPECT_THAT(choose(level, {kNan, kNan, kNan}, 3, true).ids, ElementsAre(0, 1, 2));
    EXPECT_THAT(choose(level, {kNan, 1, kNan, -kInfinity}, 3, false).ids, ElementsAre(1, 3, 0));
    EXPECT_THAT(choose(level, {1, kInfinity, kInfinity}, 2, true).ids, ElementsAre(1, 2));
  }
}

}  // namespace
}  // namespace gerbil::kernels::route
