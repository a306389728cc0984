// 10,000 tokens of one session: none of them allocates, and memory does not grow.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "long/allocation_counter.h"
#include "long/long_model.h"

namespace gerbil::testing {
namespace {

constexpr int64_t kTokens = 10'000;

void expect_none(Quant quant, Kv kv) {
  const LongModel model;
  const auto engine = Engine::load(
      {.model = model.folder(), .quant = quant, .kv = kv, .threads = 2, .context = kLongContext});
  ASSERT_TRUE(engine) << engine.error().message;
  const auto session = (*engine)->new_session();
  const auto warm = (*session)->generate(go_on_from(some_ids(64), 64));
  ASSERT_TRUE(warm) << warm.error().message;

  const uint64_t anonymous = process_memory().anonymous_bytes;
  const uint64_t before = allocations();
  const auto answer = (*session)->generate(go_on_from(some_ids(64), kTokens));
  const uint64_t made = allocations() - before;
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->token_ids.size(), static_cast<size_t>(kTokens));
  ::testing::Test::RecordProperty("allocations", std::to_string(made));
  // A call's own, segments of the cache, and tables that double as they grow. Of a token, or of a
  // page of the cache, which comes every 32 tokens, there are none.
  EXPECT_LT(made, 150u);
  const uint64_t after = process_memory().anonymous_bytes;
  const uint64_t planned = 2 * static_cast<uint64_t>(kTokens) * 2 * 2 * 64 * sizeof(float);
  EXPECT_LE(after, anonymous + planned + (uint64_t{4} << 20));
}

TEST(AllocationTest, CounterCounts) {
  if (!allocations_are_counted()) GTEST_SKIP() << "not with this C library";
  const uint64_t before = allocations();
  const std::vector<int> block(1000, 1);
  const std::unique_ptr<void, void (*)(void*)> other(std::aligned_alloc(64, 128), std::free);
  EXPECT_EQ(allocations() - before, 2u) << block[1] << other.get();
}

TEST(AllocationTest, NoTokenOfTenThousandAllocates) {
  if (!allocations_are_counted()) GTEST_SKIP() << "not with this C library";
  expect_none(Quant::kQ4, Kv::kF16);
}

TEST(AllocationTest, NorWithWeightsAsStored) {
  if (!allocations_are_counted()) GTEST_SKIP() << "not with this C library";
  expect_none(Quant::kStored, Kv::kQ8);
}

}  // namespace
}  // namespace gerbil::testing
