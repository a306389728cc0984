// Groups and blocks of q8 pages by hand; that the CPU kernel stores the same bits is in the shared
// cases.
#include "kernels/attend/q8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace gerbil::kernels::attend {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

struct Group {
  std::vector<int8_t> codes;
  float scale;
};

Group quantized(const std::vector<float>& numbers) {
  Group group{std::vector<int8_t>(numbers.size(), 99), 0};
  group.scale = to_float(quantize_group(numbers.data(), std::ssize(numbers), group.codes.data()));
  return group;
}

TEST(Q8Group, RoundsToTheNearestCodeTiesToEven) {
  const Group group = quantized({127, -127, 0.5f, 1.5f, -2.5f, 2.51f, 0});
  EXPECT_EQ(group.scale, 1);
  EXPECT_THAT(group.codes, ElementsAre(127, -127, 0, 2, -2, 3, 0));
}

TEST(Q8Group, RoundsTheScaleUpSoThatNoNumberIsCutOff) {
  // Largest magnitudes at every size that f16 has, subnormal ones too.
  for (float largest = 1e-5f; largest < 8e6f; largest *= 1.37f) {
    const Group group = quantized({largest, -largest, largest / 3});
    EXPECT_GE(group.scale * 127, largest);
    EXPECT_LE(group.scale, largest / 127 + std::max(largest / 127 / 1024, 0x1p-24f));
    EXPECT_EQ(group.codes[0], -group.codes[1]);
    for (size_t i : {0, 2}) {
      const float number = i == 0 ? largest : largest / 3;
      EXPECT_NEAR(static_cast<float>(group.codes[i]) * group.scale, number, 0.5001f * group.scale);
    }
  }
}

TEST(Q8Group, OfZerosIsZero) {
  const Group group = quantized({0, -0.0f, 0});
  EXPECT_EQ(group.scale, 0);
  EXPECT_THAT(group.codes, Each(0));
}

TEST(Q8Group, KeepsTheSmallestNumbers) {
  const Group group = quantized({0x1p-30f, 0});
  EXPECT_EQ(group.scale, 0x1p-24f);
  EXPECT_THAT(group.codes, Each(0));
  EXPECT_EQ(quantized({0x1p-149f}).scale, 0);  // / 127 is none
}

TEST(Q8Group, ReadsBackAsNaNWhereItHoldsNoNumber) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (float strange : {infinity, -infinity, nan, -nan, 8.4e6f, -3e38f}) {
    const Group group = quantized({1, strange, 2});
    EXPECT_TRUE(std::isnan(group.scale)) << strange;
    EXPECT_THAT(group.codes, Each(0)) << strange;
  }
  EXPECT_EQ(quantized({65504.0f * 127}).scale, 65504);
}

TEST(Q8Block, LiesInItsPageWithoutOverlap) {
  for (int64_t dim : {1, 8, 31, 32, 33, 128, 200}) {
    const KvView kv{.type = graph::KvType::kQ8, .kv_heads = 3, .head_dim = dim};
    const uint64_t page_bytes = graph::PagePool{3, dim}.page_bytes(graph::KvType::kQ8);
    std::vector<std::byte> page(page_bytes);
    std::vector<int> touched(page_bytes, 0);
    const auto touch = [&](const void* at, size_t size) {
      for (size_t i = 0; i < size; ++i)
        ++touched.at(static_cast<size_t>(static_cast<const std::byte*>(at) - page.data()) + i);
    };
    for (int64_t head = 0; head < 3; ++head)
      for (const Q8Block& block :
           {Q8Block::keys(kv, page.data(), head), Q8Block::values(kv, page.data(), head)})
        for (int64_t position = 0; position < graph::kPagePositions; ++position)
          for (int64_t i = 0; i < dim; ++i) {
            touch(block.code(position, i), 1);
            if (i % graph::kKvGroup == 0) touch(&block.scale(position, i), sizeof(Half));
          }
    EXPECT_THAT(touched, Each(1)) << dim;
  }
}

}  // namespace
}  // namespace gerbil::kernels::attend
