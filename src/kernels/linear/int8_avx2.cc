#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#include <algorithm>

#include "kernels/linear/int8.h"

HWY_PUSH_ATTRIBUTES("avx2,fma,f16c")
namespace gerbil::kernels::linear {
namespace {

struct Isa {
  static constexpr int kLanes = 8;
  static constexpr int kRows = 3;     // 6 sums, 6 results, 4 codes: what is left over spills
  static constexpr int kVectors = 2;  // so a number of x is read for two products
  static constexpr bool kSignedBytes = true;
  static constexpr bool kPairsOfRows = false;
  static constexpr int kPairBits = 4;  // sums of a block's 8 * 2 * 15 * 127 stay in 16 bits
  using Int = __m256i;
  using Float = __m256;

  static HWY_INLINE Int set(int32_t v) { return _mm256_set1_epi32(v); }
  static HWY_INLINE Float set(float v) { return _mm256_set1_ps(v); }
  static HWY_INLINE Float zero() { return _mm256_setzero_ps(); }
  static HWY_INLINE Int load(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  template <int kShift, int kMask>
  static HWY_INLINE Int bits(Int v) {
    return _mm256_and_si256(kShift == 0 ? v : _mm256_srli_epi16(v, kShift),
                            _mm256_set1_epi8(kMask));
  }
  template <int kShift>
  static HWY_INLINE Int raise(Int v) {
    return _mm256_slli_epi16(v, kShift);
  }
  static HWY_INLINE Int join(Int a, Int b) { return _mm256_or_si256(a, b); }
  static HWY_INLINE Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static HWY_INLINE Int broadcast(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, sizeof(four));
    return _mm256_set1_epi32(four);
  }
  // Keeps additions in their order: GCC makes trees of them, for which there are no registers.
  static HWY_INLINE Int in_turn(Int sum) {
    asm("" : "+x"(sum));
    return sum;
  }
  static HWY_INLINE Int join_pairs(Int sums) {
    return _mm256_madd_epi16(sums, _mm256_set1_epi16(1));
  }
  // Two products are added in 16 bits: 2 * 127 * 127 fits, 2 * 128 * 127 too, 2 * 255 * 127 would
  // not. So codes of 8 bits are taken less 128, and their sign is moved to x.
  template <int kBits>
  static HWY_INLINE Int dot(Int sum, Int codes, Int x) {
    if constexpr (kBits <= kPairBits)
      return in_turn(_mm256_add_epi16(sum, _mm256_maddubs_epi16(codes, x)));
    Int pairs;
    if constexpr (kBits == 8) {
      const Int less = _mm256_xor_si256(codes, _mm256_set1_epi8(-128));
      pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(less), _mm256_sign_epi8(x, less));
    } else {
      pairs = _mm256_maddubs_epi16(codes, x);
    }
    return in_turn(add(sum, join_pairs(pairs)));
  }
  static HWY_INLINE Int sub_product(Int zeros, int32_t sum) {
    return _mm256_mullo_epi32(zeros, _mm256_set1_epi32(-sum));
  }
  static HWY_INLINE Int load_zeros(const std::byte* from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  }
  static HWY_INLINE Float load_f16(const std::byte* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static HWY_INLINE Float load_f32(const std::byte* from) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
  }
  static HWY_INLINE Float to_float(Int v) { return _mm256_cvtepi32_ps(v); }
  static HWY_INLINE Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static HWY_INLINE Float mul_add(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
  static HWY_INLINE void store(Float v, float* to) { _mm256_storeu_ps(to, v); }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_avx2(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
               int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
HWY_POP_ATTRIBUTES
#endif
