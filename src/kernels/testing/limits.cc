#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/testing/limits.cc"
#include "kernels/testing/limits.h"

#include <atomic>

#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::testing::HWY_NAMESPACE {

namespace simd = gerbil::kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using simd::FloatVector;
using simd::kFloats;
using simd::kLanes;

float read_block(const float* numbers, int64_t count) {
  FloatVector sum[8];
  for (FloatVector& s : sum) s = hn::Zero(kFloats);
  for (int64_t i = 0; i + 8 * kLanes <= count; i += 8 * kLanes)
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j)
      sum[j] = hn::Add(sum[j], hn::LoadU(kFloats, numbers + i + j * kLanes));
  for (int j = 1; j < 8; ++j) sum[0] = hn::Add(sum[0], sum[j]);
  return hn::GetLane(hn::SumOfLanes(kFloats, sum[0]));
}

// Operations done.
int64_t multiply_add_block() {
  constexpr int64_t kSteps = 1 << 20;
  constexpr int kSums = 12;
  const FloatVector x = hn::Set(kFloats, 1.0f);
  const FloatVector y = hn::Set(kFloats, 0x1p-30f);
  FloatVector sum[kSums];
#pragma GCC unroll 16
  for (int j = 0; j < kSums; ++j) sum[j] = hn::Set(kFloats, static_cast<float>(j));
  for (int64_t i = 0; i < kSteps; ++i)
#pragma GCC unroll 16
    for (int j = 0; j < kSums; ++j) sum[j] = hn::MulAdd(sum[j], x, y);
  // The result is used, so that the loop cannot be left out.
  for (int j = 1; j < kSums; ++j) sum[0] = hn::Add(sum[0], sum[j]);
  return hn::GetLane(sum[0]) > 0 ? kSteps * kSums * kLanes * 2 : 0;
}

}  // namespace gerbil::kernels::testing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::testing {

HWY_EXPORT(read_block);
HWY_EXPORT(multiply_add_block);

float read_all(Span<const float> numbers, platform::ThreadPool& pool) {
  constexpr int64_t kBlock = 1 << 18;
  std::atomic<float> total = 0;
  pool.parallel_for(static_cast<int64_t>(numbers.size()) / kBlock, [&](int64_t block) {
    total.fetch_add(HWY_DYNAMIC_DISPATCH(read_block)(numbers.data() + block * kBlock, kBlock));
  });
  return total;
}

uint64_t multiply_add(platform::ThreadPool& pool) {
  std::atomic<int64_t> total = 0;
  pool.parallel_for(pool.threads(),
                    [&](int64_t) { total.fetch_add(HWY_DYNAMIC_DISPATCH(multiply_add_block)()); });
  return static_cast<uint64_t>(total);
}

}  // namespace gerbil::kernels::testing
#endif
