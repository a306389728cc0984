#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/machine_limits.cc"
#include "kernels/machine_limits.h"

#include <algorithm>
#include <atomic>

#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"
#if HWY_ARCH_X86
#include <emmintrin.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {
namespace {

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

constexpr int kSums = 12;

// Operations done.
int64_t multiply_add_block() {
  constexpr int64_t kSteps = 1 << 18;
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

// A vector of bytes, sums of its products, and how one is added to the other; forget() hides from
// the compiler what a vector holds. VNNI, which Highway 1.0.3 does not know, has a loop of its own.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
using Bytes = __m256i;
constexpr int64_t kProducts = 32;
HWY_INLINE Bytes bytes(int8_t value) { return _mm256_set1_epi8(value); }
HWY_INLINE Bytes add_products(Bytes sum, Bytes a, Bytes b) {
  const Bytes pairs = _mm256_maddubs_epi16(a, b);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
HWY_INLINE int32_t first_sum(Bytes sum) { return _mm_cvtsi128_si32(_mm256_castsi256_si128(sum)); }
HWY_INLINE void forget(Bytes& a) { asm volatile("" : "+x"(a)); }
#elif HWY_ARCH_X86
using Bytes = __m128i;  // SSE2, which every x86-64 has, multiplies 16-bit numbers
constexpr int64_t kProducts = 8;
HWY_INLINE Bytes bytes(int8_t value) { return _mm_set1_epi16(value); }
HWY_INLINE Bytes add_products(Bytes sum, Bytes a, Bytes b) {
  return _mm_add_epi32(sum, _mm_madd_epi16(a, b));
}
HWY_INLINE int32_t first_sum(Bytes sum) { return _mm_cvtsi128_si32(sum); }
HWY_INLINE void forget(Bytes& a) { asm volatile("" : "+x"(a)); }
#elif HWY_TARGET == HWY_NEON
struct Bytes {
  int8x16_t codes;
  int32x4_t sums;
};
constexpr int64_t kProducts = 16;
HWY_INLINE Bytes bytes(int8_t value) { return {vdupq_n_s8(value), vdupq_n_s32(value)}; }
HWY_INLINE Bytes add_products(Bytes sum, Bytes a, Bytes b) {
  const int16x8_t low = vmull_s8(vget_low_s8(a.codes), vget_low_s8(b.codes));
  const int16x8_t high = vmull_s8(vget_high_s8(a.codes), vget_high_s8(b.codes));
  sum.sums = vpadalq_s16(vpadalq_s16(sum.sums, low), high);
  return sum;
}
HWY_INLINE int32_t first_sum(Bytes sum) { return vgetq_lane_s32(sum.sums, 0); }
HWY_INLINE void forget(Bytes& a) { asm volatile("" : "+w"(a.codes)); }
#else
using Bytes = int32_t;
constexpr int64_t kProducts = 1;
HWY_INLINE Bytes bytes(int8_t value) { return value; }
HWY_INLINE Bytes add_products(Bytes sum, Bytes a, Bytes b) { return sum + a * b; }
HWY_INLINE int32_t first_sum(Bytes sum) { return sum; }
HWY_INLINE void forget(Bytes& a) {
  volatile Bytes hidden = a;
  a = hidden;
}
#endif

// Products added. `one` is 1: the compiler must not know.
int64_t multiply_add_int8_block(int8_t one) {
  constexpr int64_t kSteps = 1 << 18;
  Bytes a = bytes(one);
  const Bytes b = bytes(one);
  Bytes sum[kSums];
#pragma GCC unroll 16
  for (int j = 0; j < kSums; ++j)
    sum[j] = bytes(static_cast<int8_t>(j));  // equal sums would be one
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kSums; ++j) {
      forget(a);  // else its products would be computed once
      sum[j] = add_products(sum[j], a, b);
    }
  }
  int32_t total = 0;
  for (const Bytes& s : sum) total |= first_sum(s);
  return total != 0 ? kSteps * kSums * kProducts : 0;
}

}  // namespace
}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#if HWY_ARCH_X86
HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512vnni")
namespace gerbil::kernels {
namespace {

int64_t multiply_add_int8_vnni(int8_t one) {
  constexpr int64_t kSteps = 1 << 18;
  constexpr int kSums = 12;
  __m512i a = _mm512_set1_epi8(one);
  __m512i sum[kSums];
#pragma GCC unroll 16
  for (int j = 0; j < kSums; ++j) sum[j] = _mm512_set1_epi32(j);  // equal sums would be one
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kSums; ++j) sum[j] = _mm512_dpbusd_epi32(sum[j], a, a);
  }
  for (int j = 1; j < kSums; ++j) sum[0] = _mm512_or_si512(sum[0], sum[j]);
  const int32_t total = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum[0]));
  return total != 0 ? kSteps * kSums * 64 : 0;
}

}  // namespace
}  // namespace gerbil::kernels
HWY_POP_ATTRIBUTES
#elif HWY_ARCH_ARM_A64
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
namespace gerbil::kernels {
namespace {

int64_t multiply_add_int8_dot(int8_t one) {
  constexpr int64_t kSteps = 1 << 18;
  constexpr int kSums = 12;
  const int8x16_t a = vdupq_n_s8(one);
  int32x4_t sum[kSums];
#pragma GCC unroll 16
  for (int j = 0; j < kSums; ++j) sum[j] = vdupq_n_s32(j);  // equal sums would be one
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kSums; ++j) sum[j] = vdotq_s32(sum[j], a, a);
  }
  for (int j = 1; j < kSums; ++j) sum[0] = vorrq_s32(sum[0], sum[j]);
  return vgetq_lane_s32(sum[0], 0) != 0 ? kSteps * kSums * 16 : 0;
}

}  // namespace
}  // namespace gerbil::kernels
HWY_POP_ATTRIBUTES
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod+i8mm")
namespace gerbil::kernels {
namespace {

int64_t multiply_add_int8_i8mm(int8_t one) {
  constexpr int64_t kSteps = 1 << 18;
  constexpr int kSums = 12;
  const int8x16_t a = vdupq_n_s8(one);
  int32x4_t sum[kSums];
#pragma GCC unroll 16
  for (int j = 0; j < kSums; ++j) sum[j] = vdupq_n_s32(j);  // equal sums would be one
  for (int64_t i = 0; i < kSteps; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kSums; ++j) sum[j] = vmmlaq_s32(sum[j], a, a);
  }
  for (int j = 1; j < kSums; ++j) sum[0] = vorrq_s32(sum[0], sum[j]);
  return vgetq_lane_s32(sum[0], 0) != 0 ? kSteps * kSums * 32 : 0;
}

}  // namespace
}  // namespace gerbil::kernels
HWY_POP_ATTRIBUTES
#endif

namespace gerbil::kernels {

GERBIL_EXPORT(read_block);
GERBIL_EXPORT(multiply_add_block);
GERBIL_EXPORT(multiply_add_int8_block);

float read_all(Span<const float> numbers, platform::Isa isa, platform::ThreadPool& pool) {
  constexpr int64_t kBlock = 1 << 18;
  const auto count = static_cast<int64_t>(numbers.size());
  std::atomic<float> total = 0;
  pool.parallel_for((count + kBlock - 1) / kBlock, [&](int64_t block) {
    const int64_t first = block * kBlock;
    total.fetch_add(read_block_for[isa](numbers.data() + first, std::min(kBlock, count - first)));
  });
  return total;
}

uint64_t multiply_add(platform::Isa isa, platform::ThreadPool& pool) {
  std::atomic<int64_t> total = 0;
  pool.parallel_for(pool.threads(),
                    [&](int64_t) { total.fetch_add(multiply_add_block_for[isa]()); });
  return static_cast<uint64_t>(total);
}

uint64_t multiply_add_int8(platform::Isa isa, platform::ThreadPool& pool) {
  auto* block = multiply_add_int8_block_for[isa];
#if HWY_ARCH_X86
  if (isa == platform::Isa::kAvx512) block = multiply_add_int8_vnni;
#elif HWY_ARCH_ARM_A64
  if (isa == platform::Isa::kNeonDot) block = multiply_add_int8_dot;
  if (isa == platform::Isa::kNeonI8mm) block = multiply_add_int8_i8mm;
#endif
  std::atomic<int64_t> total = 0;
  pool.parallel_for(pool.threads(), [&](int64_t) { total.fetch_add(block(1)); });
  return static_cast<uint64_t>(total);
}

}  // namespace gerbil::kernels
#endif
