#include "tensor/quant/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/half.h"
#include "tensor/quant/group_format.h"

namespace gerbil::tensor::quant {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<uint8_t> codes_of(const std::vector<float>& values, int bits, float scale) {
  std::vector<uint8_t> codes(values.size());
  group_codes(values, bits, scale, codes);
  return codes;
}

std::vector<float> decoded(const std::vector<float>& values, int bits) {
  const float scale = group_scale(values, bits);
  std::vector<float> result;
  for (const uint8_t code : codes_of(values, bits, scale))
    result.push_back(decode({.bits = static_cast<uint8_t>(bits)}, {.scale = scale}, code));
  return result;
}

double squared_error(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  return sum;
}

TEST(GroupScale, KeepsGridsThatAFormatHolds) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
    std::vector<float> grid;
    const int middle = middle_code(bits);
    for (int i = 0; i < 32; ++i)
      grid.push_back(0.125f * static_cast<float>(i % (2 * middle) - middle));
    grid[31] = -0.125f * static_cast<float>(middle);
    EXPECT_EQ(decoded(grid, bits), grid) << bits;
  }
}

TEST(GroupScale, OfZerosIsZeroAndOfTinyNumbersToo) {
  EXPECT_EQ(group_scale(std::vector<float>(32, 0.0f), 4), 0.0f);
  EXPECT_EQ(group_scale(std::vector<float>(32, std::numeric_limits<float>::denorm_min()), 4), 0.0f);
  EXPECT_THAT(codes_of(std::vector<float>(32, 0.0f), 4, 0.0f), Each(8));
  EXPECT_THAT(decoded(std::vector<float>(7, 1e-30f), 4), Each(0.0f));
}

TEST(GroupScale, OfHugeNumbersIsTheLargestOfF16) {
  const std::vector<float> values{3e38f, -3e38f, 1.0f};
  EXPECT_EQ(std::fabs(group_scale(values, 4)), 65504.0f);
}

TEST(GroupScale, OfALonePositiveNumberIsNegative) {
  // -8 is the code of largest magnitude.
  std::vector<float> values(32, 0.0f);
  values[5] = 4;
  EXPECT_EQ(group_scale(values, 4), -0.5f);
  EXPECT_EQ(decoded(values, 4), values);
}

TEST(GroupCodes, AreNearestWithTiesToEvenAndClamped) {
  EXPECT_THAT(codes_of({0.5f, 1.5f, -0.5f, -1.5f, 100, -100}, 4, 1.0f),
              ElementsAre(8, 10, 8, 6, 15, 0));
}

// Q4_0 of llama.cpp: the scale is the number of largest magnitude by -8, in f16.
std::vector<float> as_q4_0(const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values)
    if (std::fabs(value) > std::fabs(largest)) largest = value;
  const float d = largest / -8.0f;
  const float inverse = d == 0 ? 0.0f : 1.0f / d;
  const float scale = to_float(to_half(d));
  std::vector<float> result;
  for (const float value : values) {
    const int code = std::min(15, static_cast<int>(value * inverse + 8.5f));
    result.push_back(scale * static_cast<float>(code - 8));
  }
  return result;
}

// Rows with heavy tails and a few channels that are much larger than the others.
std::vector<float> weights_with_outliers(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::chi_squared_distribution<float> chi(4);
  std::vector<float> row(1024);
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = 0.02f * normal(random) / std::sqrt(chi(random) / 4);  // Student's t of 4 degrees
    if (i % 97 == 13) row[i] *= 12;
  }
  return row;
}

// || (W - W^) x || / || W x || over many x.
TEST(OwnQ4, ErrsLessThanQ4_0AtTheSameBits) {
  constexpr size_t kColumns = 1024;
  std::mt19937 random(20261123);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> inputs(64, std::vector<float>(kColumns));
  for (std::vector<float>& x : inputs)
    for (float& value : x) value = normal(random);
  double own = 0, other = 0, all = 0;
  for (int row = 0; row < 256; ++row) {
    const std::vector<float> w = weights_with_outliers(random);
    std::vector<float> a, b;
    for (auto at = w.begin(); at != w.end(); at += 32) {
      const std::vector<float> group(at, at + 32);
      const std::vector<float> mine = decoded(group, 4), theirs = as_q4_0(group);
      EXPECT_LE(squared_error(group, mine), squared_error(group, theirs) * 1.0001);
      a.insert(a.end(), mine.begin(), mine.end());
      b.insert(b.end(), theirs.begin(), theirs.end());
    }
    for (const std::vector<float>& x : inputs) {
      double own_product = 0, other_product = 0, product = 0;
      for (size_t i = 0; i < kColumns; ++i) {
        own_product += (double{w[i]} - double{a[i]}) * x[i];
        other_product += (double{w[i]} - double{b[i]}) * x[i];
        product += double{w[i]} * x[i];
      }
      own += own_product * own_product;
      other += other_product * other_product;
      all += product * product;
    }
  }
  RecordProperty("own", std::to_string(std::sqrt(own / all)));
  RecordProperty("q4_0", std::to_string(std::sqrt(other / all)));
  EXPECT_LT(std::sqrt(own / all), std::sqrt(other / all));
}

TEST(QuantizeBlock, IsSymmetricAndNearest) {
  std::vector<float> values(32, 0.0f);
  values[0] = 127;
  values[1] = -127;
  values[2] = 0.5f;
  values[3] = 1.5f;
  std::vector<int8_t> codes(32);
  EXPECT_EQ(quantize_block(values, codes), 1.0f);
  EXPECT_EQ(codes[0], 127);
  EXPECT_EQ(codes[1], -127);
  EXPECT_EQ(codes[2], 0);
  EXPECT_EQ(codes[3], 2);
}

TEST(QuantizeBlock, TakesWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values{std::nanf(""), kInfinity, -kInfinity, 1};
  std::vector<int8_t> codes(4);
  const float scale = quantize_block(values, codes);
  EXPECT_TRUE(std::isfinite(scale));
  EXPECT_THAT(codes, ElementsAre(0, 127, -127, 0));
  values.assign(4, 0.0f);
  EXPECT_EQ(quantize_block(values, codes), 0.0f);
  EXPECT_THAT(codes, Each(0));
}

}  // namespace
}  // namespace gerbil::tensor::quant
