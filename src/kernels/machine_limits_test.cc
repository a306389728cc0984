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
  for (const platform::Isa isa : platform::supported_isas())
    for (const int threads : {1, 3}) {
      platform::ThreadPool pool(threads);
      EXPECT_NEAR(read_all(numbers, isa, pool), expected, expected * 1e-4)
          << platform::name(isa) << " " << threads;
    }
}

TEST(MachineLimits, CountsTheWorkOfEveryThread) {
  platform::ThreadPool one(1);
  platform::ThreadPool three(3);
  for (const platform::Isa isa : platform::supported_isas()) {
    SCOPED_TRACE(platform::name(isa));
    EXPECT_GT(multiply_add(isa, one), 0u);
    EXPECT_EQ(multiply_add(isa, three), 3 * multiply_add(isa, one));
    EXPECT_GT(multiply_add_int8(isa, one), 0u);
    EXPECT_EQ(multiply_add_int8(isa, three), 3 * multiply_add_int8(isa, one));
  }
}

}  // namespace
}  // namespace gerbil::kernels
