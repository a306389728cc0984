#include "kernels/machine_limits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace gerbil::kernels {
namespace {

TEST(MachineLimits, ReadsEveryNumberOnce) {
  std::vector<float> numbers(size_t{1} << 20);
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  for (float& number : numbers) number = std::fmod(number, 7.0f);
  const double expected = std::accumulate(numbers.begin(), numbers.end(), 0.0);
  for (const int threads : {1, 3}) {
    platform::ThreadPool pool(threads);
    EXPECT_NEAR(read_all(numbers, pool), expected, expected * 1e-4) << threads;
  }
}

TEST(MachineLimits, CountsTheWorkOfEveryThread) {
  platform::ThreadPool one(1);
  platform::ThreadPool three(3);
  EXPECT_GT(multiply_add(one), 0u);
  EXPECT_EQ(multiply_add(three), 3 * multiply_add(one));
  EXPECT_GT(multiply_add_int8(one), 0u);
  EXPECT_EQ(multiply_add_int8(three), 3 * multiply_add_int8(one));
}

TEST(MachineLimits, TheLevelOfTheKernelsIsOneOfThisProcessor) {
  EXPECT_TRUE(platform::supports(highway_isa()));
}

}  // namespace
}  // namespace gerbil::kernels
