#if defined(__x86_64__)
// GCC 12 warns of the undefined operands inside its own intrinsics (GCC bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <hwy/base.h>
#include <immintrin.h>

#include <algorithm>

#include "kernels/linear/int8.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")
namespace gerbil::kernels::linear {
namespace {

struct Isa {
  static constexpr int kLanes = 16;
  static constexpr int kRows = 6;     // 12 sums, 12 results, 4 codes, 2 scales and the mask of 32
  static constexpr int kVectors = 2;  // so a number of x is read for two products
  static constexpr bool kSignedBytes = false;
  static constexpr int kPairBits = 0;
  static constexpr bool kPairsOfRows = false;
  using Int = __m512i;
  using Float = __m512;

  static HWY_INLINE Int set(int32_t v) { return _mm512_set1_epi32(v); }
  static HWY_INLINE Float set(float v) { return _mm512_set1_ps(v); }
  static HWY_INLINE Float zero() { return _mm512_setzero_ps(); }
  static HWY_INLINE Int load(const std::byte* from) { return _mm512_loadu_si512(from); }
  template <int kShift, int kMask>
  static HWY_INLINE Int bits(Int v) {
    return _mm512_and_si512(kShift == 0 ? v : _mm512_srli_epi16(v, kShift),
                            _mm512_set1_epi8(kMask));
  }
  template <int kShift>
  static HWY_INLINE Int raise(Int v) {
    return _mm512_slli_epi16(v, kShift);
  }
  static HWY_INLINE Int join(Int a, Int b) { return _mm512_or_si512(a, b); }
  static HWY_INLINE Int add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static HWY_INLINE Int broadcast(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  template <int kBits>
  static HWY_INLINE Int dot(Int sum, Int codes, Int x) {
    return _mm512_dpbusd_epi32(sum, codes, x);
  }
  static HWY_INLINE Int sub_product(Int zeros, int32_t sum) {
    return _mm512_mullo_epi32(zeros, _mm512_set1_epi32(-sum));
  }
  static HWY_INLINE Int load_zeros(const std::byte* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static HWY_INLINE Float load_f16(const std::byte* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static HWY_INLINE Float load_f32(const std::byte* from) { return _mm512_loadu_ps(from); }
  static HWY_INLINE Float to_float(Int v) { return _mm512_cvtepi32_ps(v); }
  static HWY_INLINE Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static HWY_INLINE Float mul_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static HWY_INLINE void store(Float v, float* to) { _mm512_storeu_ps(to, v); }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_avx512vnni(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
                     int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
HWY_POP_ATTRIBUTES
#endif
