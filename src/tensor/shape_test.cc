#include "tensor/shape.h"

#include <gtest/gtest.h>

namespace gerbil::tensor {
namespace {

TEST(Shape, CountsElementsAndBytes) {
  EXPECT_EQ(Shape().elements(), 1u);
  EXPECT_EQ((Shape{2, 3}).elements(), 6u);
  EXPECT_EQ((Shape{2, 3}).size_bytes(DType::kBF16), 12u);
  EXPECT_EQ(to_string(Shape{2, 3}), "[2, 3]");
}

TEST(Shape, OverflowIsNothingAndZeroWins) {
  const uint64_t huge = 1'000'000'000'000'000'000;
  EXPECT_FALSE((Shape{huge, huge}).elements());
  EXPECT_FALSE((Shape{huge, 8}).size_bytes(DType::kF64));
  EXPECT_EQ((Shape{huge, 0, huge}).elements(), 0u);
}

TEST(DType, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
  }
  EXPECT_FALSE(dtype_from_name("Q4_0"));
}

}  // namespace
}  // namespace gerbil::tensor
