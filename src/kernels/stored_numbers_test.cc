// clang-format off
#include "kernels/targets.h"
// clang-format on
#include "kernels/stored_numbers.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/half.h"

namespace gerbil::kernels {
namespace {

// Calls check() on each instruction set of this machine; how many there were.
template <class F>
int on_every_instruction_set(F&& check) {
  const auto use = [](int64_t set) {
    hwy::SetSupportedTargetsForTest(set);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  int tried = 0;
  for (int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const int64_t set = left & -left;
    if ((set & HWY_TARGETS) == 0) continue;
    use(set);
    check();
    use(0);
    ++tried;
  }
  return tried;
}

TEST(DecodeBf16, GivesEveryNumberAtAnyAddress) {
  // One byte in front: what is mapped need not be aligned.
  std::vector<std::byte> stored(1 + 2 * 65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const BFloat16 number{static_cast<uint16_t>(bits)};
    std::memcpy(stored.data() + 1 + size_t{2} * bits, &number, sizeof(number));
  }
  const auto check = [&] {
    std::vector<float> numbers(65535);  // a tail too
    decode_bf16({stored.data() + 1, 2 * numbers.size()}, numbers);
    for (uint32_t bits = 0; bits < numbers.size(); ++bits)
      ASSERT_EQ(std::bit_cast<uint32_t>(numbers[bits]), bits << 16);
  };
  EXPECT_GE(on_every_instruction_set(check), 1);
}

TEST(AllFinite, SeesOneThatIsNotAnywhere) {
  const auto check = [] {
    for (const size_t size : {size_t{1}, size_t{16}, size_t{75}}) {
      std::vector<float> numbers(size, -std::numeric_limits<float>::max());
      EXPECT_TRUE(all_finite(numbers));
      for (size_t i = 0; i < size; ++i)
        for (const float bad : {std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity(), std::nanf("")}) {
          std::vector<float> with = numbers;
          with[i] = bad;
          EXPECT_FALSE(all_finite(with)) << i << " of " << size;
        }
    }
    EXPECT_TRUE(all_finite({}));
  };
  EXPECT_GE(on_every_instruction_set(check), 1);
}

}  // namespace
}  // namespace gerbil::kernels
