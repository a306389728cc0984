// Every registered kernel against every case of its operation: right within the contract's
// tolerance, the same bits for every number of threads, no byte touched that is not its own, on
// every instruction set that this processor has.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/check.h"
#include "kernels/registry.h"
#include "kernels/testing/all_cases.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels {
namespace {

using testing::BoundCase;
using testing::Case;
using testing::Observed;
using testing::Purpose;

// One line about the worst number that is off; empty where all are right.
std::string difference(const std::vector<Observed>& got, const std::vector<Observed>& expected,
                       double tolerance) {
  GERBIL_ASSERT(got.size() == expected.size());
  for (size_t part = 0; part < got.size(); ++part) {
    const std::vector<double>& a = got[part].numbers;
    const std::vector<double>& b = expected[part].numbers;
    GERBIL_ASSERT(a.size() == b.size());
    double largest = 0;
    for (double value : b) largest = std::max(largest, std::abs(value));
    const double allowed = got[part].exact ? 0 : tolerance * largest;
    size_t worst = 0;
    double off = -1;
    for (size_t i = 0; i < a.size(); ++i) {
      if (!std::isfinite(b[i])) return got[part].name + ": the expected value is not finite";
      const double here = std::isnan(a[i]) ? INFINITY : std::abs(a[i] - b[i]);
      if (here > off) worst = i, off = here;
    }
    if (off > allowed)
      return got[part].name + ": number " + std::to_string(worst) + " of " +
             std::to_string(a.size()) + " is " + std::to_string(a[worst]) + ", expected " +
             std::to_string(b[worst]) + ": off by " + std::to_string(off / largest) +
             " of the largest, allowed " + std::to_string(tolerance);
  }
  return {};
}

bool same_bits(const std::vector<Observed>& a, const std::vector<Observed>& b) {
  for (size_t part = 0; part < a.size(); ++part)
    if (!a[part].numbers.empty() && std::memcmp(a[part].numbers.data(), b[part].numbers.data(),
                                                a[part].numbers.size() * sizeof(double)) != 0)
      return false;
  return true;
}

std::vector<platform::Isa> levels(Level level) {
  if (level == Level::kReference) return {platform::Isa::kBaseline};
  return platform::supported_isas();
}

class EveryKernel : public ::testing::TestWithParam<KernelRow> {};

TEST_P(EveryKernel, IsRightForEveryCase) {
  const KernelRow& kernel = GetParam();
  platform::ThreadPool one(1);
  platform::ThreadPool two(2);
  platform::ThreadPool three(3);
  const std::vector<platform::Isa> isas = levels(kernel.level);
  int tried = 0;
  for (const Case& c : testing::all_cases()) {
    if (graph::kind_of(c.op) != kernel.op || c.purpose == Purpose::kBench) continue;
    const RowClass rows = row_class(c.rows());
    if (rows < kernel.smallest || rows > kernel.largest) continue;
    ++tried;
    BoundCase bound(c, 1);
    bound.run_expected(one);
    const std::vector<Observed> expected = bound.observed();
    for (const platform::Isa isa : isas) {
      std::vector<Observed> first;
      for (platform::ThreadPool* pool : {&one, &two, &three}) {
        const std::string where = c.name + ", " + std::to_string(pool->threads()) + " threads, " +
                                  std::string(platform::name(isa));
        bound.run(kernel, *pool, isa);
        const std::vector<Observed> got = bound.observed();
        EXPECT_EQ(difference(got, expected, c.tolerance), "") << where;
        EXPECT_EQ(bound.damage(), "") << where << ": written without leave";
        if (first.empty()) first = got;
        EXPECT_TRUE(same_bits(got, first)) << where << ": other bits than with one thread";
      }
    }
  }
  EXPECT_GT(tried, 0) << "no case reaches this kernel";
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryKernel,
                         ::testing::ValuesIn(registry().begin(), registry().end()),
                         [](const ::testing::TestParamInfo<KernelRow>& row) {
                           return std::string(graph::op_name(row.param.op)) + "_" +
                                  std::string(row.param.name) + "_" + std::to_string(row.index);
                         });

TEST(Registry, FusedOperationsHaveCpuKernelsOnly) {
  const graph::Capabilities reference = capabilities(Level::kReference);
  for (graph::OpKind op = graph::kOpKindOf<graph::AddRmsNorm>; op < graph::kOpKinds; ++op)
    EXPECT_FALSE(reference.has(op)) << graph::op_name(op);
}

TEST(Registry, FindsTheFirstFittingRow) {
  for (const KernelRow& row : registry()) {
    const KernelRow* found = find_kernel(row.op, row.level, row.smallest);
    ASSERT_NE(found, nullptr);
    EXPECT_LE(found, &row) << graph::op_name(row.op);
  }
}

}  // namespace
}  // namespace gerbil::kernels
