#include "kernels/stored_numbers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/stored_numbers.cc"
#include <cstring>

#include "base/check.h"
#include "base/half.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

void decode(const std::byte* stored, float* to, int64_t count) {
  int64_t i = 0;
  // What is mapped need not be aligned: LoadU takes any address.
  for (; i + kLanes <= count; i += kLanes)
    hn::StoreU(load_weights(reinterpret_cast<const BFloat16*>(stored + 2 * i)), kFloats, to + i);
  for (; i < count; ++i) {
    BFloat16 number;
    std::memcpy(&number, stored + 2 * i, sizeof(number));
    to[i] = to_float(number);
  }
}

bool finite(const float* numbers, int64_t count) {
  // x - x is 0, or NaN where x is not finite; the sums say so without a branch per number.
  FloatVector even = hn::Zero(kFloats), odd = even;
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    const FloatVector a = hn::LoadU(kFloats, numbers + i);
    const FloatVector b = hn::LoadU(kFloats, numbers + i + kLanes);
    even = hn::Add(even, hn::Sub(a, a));
    odd = hn::Add(odd, hn::Sub(b, b));
  }
  float sum = hn::GetLane(hn::SumOfLanes(kFloats, hn::Add(even, odd)));
  for (; i < count; ++i) sum += numbers[i] - numbers[i];
  return sum == 0;
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels {

GERBIL_EXPORT(decode);
void decode_bf16(platform::Isa isa, Bytes stored, Span<float> to) {
  GERBIL_ASSERT(stored.size() == 2 * to.size());
  decode_for[isa](stored.data(), to.data(), std::ssize(to));
}

GERBIL_EXPORT(finite);
bool all_finite(platform::Isa isa, Span<const float> numbers) {
  return finite_for[isa](numbers.data(), std::ssize(numbers));
}

}  // namespace gerbil::kernels
#endif
