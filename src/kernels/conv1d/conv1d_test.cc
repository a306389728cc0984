// conv1d on numbers worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::conv1d {
namespace {

using testing::BoundCase;
using testing::Case;
using ::testing::ElementsAre;

struct Result {
  std::vector<double> out;
  std::vector<double> state;
};

Result result_of(const Case& c, Level level) {
  platform::ThreadPool pool(1);
  BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kind_of(c.op), level, row_class(c.rows())), pool);
  const std::vector<testing::Observed> observed = bound.observed();
  return {observed[0].numbers, observed[1].numbers};
}

TEST(Conv1d, WeighsTheLastInputsAndKeepsThem) {
  for (Level level : {Level::kReference, Level::kCpu}) {
    Case c{.op = graph::Conv1d{3, false},
           .inputs = {{.rows = 4, .dim = 2, .values = {1, -1, 2, -2, 4, -4, 8, -8}}},
           .outputs = {{.rows = 4, .dim = 2}},
           .weights = {{.rows = 2, .columns = 3, .values = {100, 10, 1, 0, 0, 1}}},
           .slots = testing::SlotSpec{.elements = 6, .slot_elements = 6, .slots = 2},
           .batch = {.runs = {{.count = 4, .writes = {{1, 0}, {3, 1}}}}}};
    Result result = result_of(c, level);
    EXPECT_THAT(result.out, ElementsAre(1, -1, 12, -2, 124, -4, 248, -8));
    EXPECT_THAT(result.state, ElementsAre(0, 1, 2, 0, -1, -2, 2, 4, 8, -2, -4, -8));
  }
}

TEST(Conv1d, AppliesSiluToTheSum) {
  const Case c{.op = graph::Conv1d{1, true},
               .inputs = {{.rows = 1, .dim = 3, .values = {1, 0, -1}}},
               .outputs = {{.rows = 1, .dim = 3}},
               .weights = {{.rows = 3, .columns = 1, .values = {2, 2, 2}}},
               .slots = testing::SlotSpec{.elements = 3, .slot_elements = 3, .slots = 2},
               .batch = {.runs = {{.count = 1}}}};
  for (Level level : {Level::kReference, Level::kCpu}) {
    const Result result = result_of(c, level);
    EXPECT_NEAR(result.out[0], 2 / (1 + std::exp(-2.0)), 1e-6);
    EXPECT_EQ(result.out[1], 0);
    EXPECT_NEAR(result.out[2], -2 / (1 + std::exp(2.0)), 1e-6);
  }
}

}  // namespace
}  // namespace gerbil::kernels::conv1d
