#include <gtest/gtest.h>

#include "kernels/linear/blocks.h"
#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::linear {
namespace {

using testing::BoundCase;
using testing::Case;

std::vector<double> result_of(Case c, int64_t rows, std::vector<float> x) {
  c.inputs = {{.rows = rows, .dim = 77, .values = std::move(x)}};
  c.outputs = {testing::rows_of(rows, 29)};
  platform::ThreadPool pool(2);
  BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kOpKindOf<graph::Linear>, Level::kCpu, row_class(rows)), pool);
  return bound.observed().front().numbers;
}

TEST(Linear, ARowHasTheSameBitsInEveryCompany) {
  for (tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kF16, tensor::DType::kBF16}) {
    Case c{.op = graph::Linear{}};
    c.weights = {{.rows = 29, .columns = 77, .dtype = dtype}};
    for (int i = 0; i < 29 * 77; ++i)
      c.weights[0].values.push_back(static_cast<float>(i * 7919 % 1009) / 512 - 1);
    std::vector<float> x;
    for (int i = 0; i < 17 * 77; ++i) x.push_back(static_cast<float>(i * 104729 % 997) / 256 - 2);
    const std::vector<double> together = result_of(c, 17, x);
    for (int64_t rows = 1; rows <= 16; ++rows)
      for (int64_t first = 0; first + rows <= 17; first += 5) {
        const std::vector<double> some =
            result_of(c, rows, {x.begin() + first * 77, x.begin() + (first + rows) * 77});
        const std::vector<double> same(together.begin() + first * 29,
                                       together.begin() + (first + rows) * 29);
        EXPECT_EQ(some, same) << rows << " rows from " << first;
      }
  }
}

TEST(LinearBlocks, CoverEverythingAndFitTheCache) {
  for (int64_t rows : {1, 2, 7, 64, 512})
    for (int64_t columns : {1, 64, 1024, 17408})
      for (int64_t outputs : {1, 9, 1024, 151936})
        for (int threads : {1, 2, 64}) {
          const Blocks blocks = choose_blocks(rows, columns, outputs, 2, threads);
          EXPECT_GE(blocks.rows * blocks.down, rows);
          EXPECT_LT(blocks.rows * (blocks.down - 1), rows);
          EXPECT_GE(blocks.outputs * blocks.across, outputs);
          EXPECT_LT(blocks.outputs * (blocks.across - 1), outputs);
          EXPECT_TRUE(blocks.outputs == kOutputAlignment ||
                      blocks.outputs * columns * 2 <= kBlockBytes + kOutputAlignment * columns * 2);
        }
}

TEST(LinearBlocks, SmallWorkStaysOnTheCaller) {
  EXPECT_EQ(choose_blocks(1, 64, 128, 4, 16).count(), 1);
  EXPECT_GT(choose_blocks(1, 1024, 3072, 2, 16).count(), 16);
}

}  // namespace
}  // namespace gerbil::kernels::linear
