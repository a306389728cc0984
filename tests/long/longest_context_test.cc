// The same as long_context_test.cc, of a length that takes minutes.
#include <gtest/gtest.h>

#include "long/long_model.h"

namespace gerbil::testing {
namespace {

TEST(LongestContextTest, Of100000TokensRunsWithinThePlan) { expect_within_plan(100'000); }

}  // namespace
}  // namespace gerbil::testing
