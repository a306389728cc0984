// The vectors of Advanced SIMD as int8_tiles-inl.h wants them, but for the products: what the
// instruction sets of AArch64 share. Include it where that header is included, before it.
#pragma once

struct NeonVectors {
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4;  // 4 x 2 sums, as many results, 8 codes, two scales and x of 32
  static constexpr int kVectors = 2;
  static constexpr int kPairBits = 0;
  using Int = int32x4_t;
  using Float = float32x4_t;

  static HWY_INLINE uint8x16_t unsigned_bytes(Int v) { return vreinterpretq_u8_s32(v); }
  static HWY_INLINE int8x16_t signed_bytes(Int v) { return vreinterpretq_s8_s32(v); }
  // Codes of 8 bits less 128, others as they are: what fits a signed byte.
  template <int kBits>
  static HWY_INLINE Int as_signed(Int codes) {
    return kBits == 8 ? veorq_s32(codes, vreinterpretq_s32_u8(vdupq_n_u8(0x80))) : codes;
  }

  static HWY_INLINE Int set(int32_t v) { return vdupq_n_s32(v); }
  static HWY_INLINE Float set(float v) { return vdupq_n_f32(v); }
  static HWY_INLINE Float zero() { return vdupq_n_f32(0.0f); }
  static HWY_INLINE Int load(const std::byte* from) {
    return vreinterpretq_s32_u8(vld1q_u8(reinterpret_cast<const uint8_t*>(from)));
  }
  template <int kShift, int kMask>
  static HWY_INLINE Int bits(Int v) {
    uint8x16_t bytes = unsigned_bytes(v);
    if constexpr (kShift != 0) bytes = vshrq_n_u8(bytes, kShift);
    return vreinterpretq_s32_u8(vandq_u8(bytes, vdupq_n_u8(kMask)));
  }
  template <int kShift>
  static HWY_INLINE Int raise(Int v) {
    return vreinterpretq_s32_u8(vshlq_n_u8(unsigned_bytes(v), kShift));
  }
  static HWY_INLINE Int join(Int a, Int b) { return vorrq_s32(a, b); }
  static HWY_INLINE Int add(Int a, Int b) { return vaddq_s32(a, b); }
  static HWY_INLINE Int broadcast(const int8_t* x) {
    int32_t four;
    __builtin_memcpy(&four, x, sizeof(four));
    return vdupq_n_s32(four);
  }
  static HWY_INLINE Int sub_product(Int zeros, int32_t sum) { return vmulq_n_s32(zeros, -sum); }
  static HWY_INLINE Int load_zeros(const std::byte* from) {
    uint32_t four;
    __builtin_memcpy(&four, from, sizeof(four));
    const uint16x8_t halves = vmovl_u8(vcreate_u8(four));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(halves)));
  }
  static HWY_INLINE Float load_f16(const std::byte* from) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const uint16_t*>(from))));
  }
  static HWY_INLINE Float load_f32(const std::byte* from) {
    return vld1q_f32(reinterpret_cast<const float*>(from));
  }
  static HWY_INLINE Float to_float(Int v) { return vcvtq_f32_s32(v); }
  static HWY_INLINE Float mul(Float a, Float b) { return vmulq_f32(a, b); }
  static HWY_INLINE Float mul_add(Float a, Float b, Float c) { return vfmaq_f32(c, a, b); }
  static HWY_INLINE void store(Float v, float* to) { vst1q_f32(to, v); }
};
