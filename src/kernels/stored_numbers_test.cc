#include "kernels/stored_numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/half.h"

namespace gerbil::kernels {
namespace {

TEST(DecodeBf16, GivesEveryNumberAtAnyAddress) {
  // One byte in front: what is mapped need not be aligned.
  std::vector<std::byte> stored(1 + 2 * 65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const BFloat16 number{static_cast<uint16_t>(bits)};
    std::memcpy(stored.data() + 1 + size_t{2} * bits, &number, sizeof(number));
  }
  for (const platform::Isa isa : platform::supported_isas()) {
    std::vector<float> numbers(65535);  // a tail too
    decode_bf16(isa, {stored.data() + 1, 2 * numbers.size()}, numbers);
    for (uint32_t bits = 0; bits < numbers.size(); ++bits)
      ASSERT_EQ(std::bit_cast<uint32_t>(numbers[bits]), bits << 16) << platform::name(isa);
  }
}

TEST(AllFinite, SeesOneThatIsNotAnywhere) {
  for (const platform::Isa isa : platform::supported_isas()) {
    for (const size_t size : {size_t{1}, size_t{16}, size_t{75}}) {
      std::vector<float> numbers(size, -std::numeric_limits<float>::max());
      EXPECT_TRUE(all_finite(isa, numbers));
      for (size_t i = 0; i < size; ++i)
        for (const float bad : {std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity(), std::nanf("")}) {
          std::vector<float> with = numbers;
          with[i] = bad;
          EXPECT_FALSE(all_finite(isa, with)) << i << " of " << size;
        }
    }
    EXPECT_TRUE(all_finite(isa, {}));
  }
}

}  // namespace
}  // namespace gerbil::kernels
