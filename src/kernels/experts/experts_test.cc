#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/experts/cases.h"
#include "kernels/experts/groups.h"
#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::experts {
namespace {

using testing::BoundCase;
using testing::Case;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

std::vector<double> result_of(const Case& c, Level level) {
  platform::ThreadPool pool(2);
  BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kOpKindOf<graph::Experts>, level, row_class(c.rows())), pool);
  return bound.observed().front().numbers;
}

TEST(Experts, AreGatedLayersWeighted) {
  // Two experts of two inner numbers over two inputs, one output.
  Case c{.op = graph::Experts{},
         .inputs = {{.rows = 2, .dim = 2, .values = {1, 2, -1, 1}},
                    {.rows = 2, .dim = 2, .dtype = tensor::DType::kI32, .ids = {1, 0, 0, 1}},
                    {.rows = 2, .dim = 2, .values = {0.75f, 0.25f, 1, 0}}},
         .outputs = {testing::rows_of(2, 1)},
         .weights = {{.rows = 4,
                      .columns = 2,
                      .count = 2,
                      .values = {1, 0, 0, 1, 2, 0, 0, 3,     // expert 0: gate x0, x1; up 2 x0, 3 x1
                                 1, 1, 1, -1, 1, 0, 0, 1}},  // expert 1: x0 + x1, x0 - x1; x0, x1
                     {.rows = 1, .columns = 2, .count = 2, .values = {1, 10, 1, -1}}}};
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  const auto expert0 = [&](double a, double b) { return silu(a) * 2 * a + 10 * silu(b) * 3 * b; };
  const auto expert1 = [&](double a, double b) { return silu(a + b) * a - silu(a - b) * b; };
  for (const Level level : {Level::kReference, Level::kCpu})
    EXPECT_THAT(result_of(c, level),
                ElementsAre(DoubleNear(0.75 * expert1(1, 2) + 0.25 * expert0(1, 2), 1e-4),
                            DoubleNear(expert0(-1, 1), 1e-4)));
}

// Row `row` of a case, alone.
Case alone(const Case& c, int64_t row, const std::vector<float>& x, const std::vector<float>& w) {
  Case one = c;
  for (auto* views : {&one.inputs, &one.outputs})
    for (testing::ViewSpec& view : *views) view.rows = 1;
  const auto part = [&](auto& numbers, const auto& all, int64_t width) {
    numbers.assign(all.begin() + row * width, all.begin() + (row + 1) * width);
  };
  part(one.inputs[0].values, x, c.inputs[0].dim);
  part(one.inputs[1].ids, c.inputs[1].ids, c.inputs[1].dim);
  part(one.inputs[2].values, w, c.inputs[2].dim);
  return one;
}

TEST(Experts, ARowHasTheSameBitsInEveryCompany) {
  for (tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kBF16}) {
    // More rows than a task and than a piece takes.
    Case c = make_case(530, {.experts = 3, .top_k = 2, .in = 45, .inner = 22, .out = 33}, dtype);
    std::vector<float> x;
    std::vector<float> w;
    for (int64_t i = 0; i < 530 * 45; ++i)
      x.push_back(static_cast<float>(i * 104729 % 997) / 256 - 2);
    for (int64_t i = 0; i < 530 * 2; ++i) w.push_back(static_cast<float>(i * 7919 % 101) / 101);
    c.inputs[0].values = x;
    c.inputs[2].values = w;
    for (testing::WeightSpec& weight : c.weights)
      for (int64_t i = 0; i < weight.count * weight.rows * weight.columns; ++i)
        weight.values.push_back(static_cast<float>(i * 7919 % 1009) / 512 - 1);
    const std::vector<double> together = result_of(c, Level::kCpu);
    for (int64_t row = 0; row < 530; row += 37) {
      const std::vector<double> same(together.begin() + row * 33,
                                     together.begin() + (row + 1) * 33);
      EXPECT_EQ(result_of(alone(c, row, x, w), Level::kCpu), same) << row;
    }
  }
}

TEST(ExpertGroups, HoldEveryChoiceOnceInOrder) {
  constexpr int64_t kExperts = 7;
  constexpr int64_t kRows = 400;
  std::vector<std::byte> memory(Groups::bytes(kExperts, kRows * 2, 1, 1));
  Groups groups = Groups::in(memory.data(), kExperts, kRows * 2, 1, 1);
  // Expert 3 is in every row, 5 in none.
  const auto id = [](int64_t row, int64_t slot) {
    return slot == 0 ? 3 : row % 5 == 3 ? 6 : row % 5;
  };
  groups.sort(kExperts, kRows, 2, id);
  EXPECT_EQ(groups.used, 6);
  EXPECT_EQ(groups.first[groups.used], kRows * 2);
  int64_t total = 0;
  for (int64_t group = 0; group < groups.used; ++group) {
    EXPECT_NE(groups.expert[group], 5);
    for (int32_t i = groups.first[group] + 1; i < groups.first[group + 1]; ++i)
      EXPECT_LE(groups.row[i - 1], groups.row[i]);
    total += groups.count(group);
    for (int32_t block = groups.blocks[group]; block < groups.blocks[group + 1]; ++block)
      EXPECT_EQ(groups.group_of(block), group);
    EXPECT_EQ(groups.blocks[group + 1] - groups.blocks[group],
              (groups.count(group) + kTaskRows - 1) / kTaskRows);
  }
  EXPECT_EQ(total, kRows * 2);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t slot = 0; slot < 2; ++slot) {
      const int32_t at = groups.place[row * 2 + slot];
      EXPECT_EQ(groups.row[at], row);
      int64_t group = 0;
      while (groups.first[group + 1] <= at) ++group;
      EXPECT_EQ(groups.expert[group], id(row, slot));
    }
}

TEST(ExpertGroups, ATaskFillsAPartOfTheCacheAndSmallWorkIsOneTask) {
  EXPECT_EQ(task_outputs(32, 64, 2, 2, 1, 16), 32);
  EXPECT_EQ(task_outputs(768, 2048, 2, 2, 512, 2), 32);
  EXPECT_EQ(task_outputs(768, 2048, 4, 2, 512, 2), 16);
  EXPECT_EQ(task_outputs(1 << 20, 1, 4, 1, 512, 1), kTaskOutputs);
  EXPECT_EQ(task_outputs(1, 1 << 20, 4, 2, 1, 1), kOutputsPerTile);
}

}  // namespace
}  // namespace gerbil::kernels::experts
