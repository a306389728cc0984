#if defined(__aarch64__)
#include <arm_neon.h>
#include <hwy/base.h>

#include <algorithm>

#include "kernels/linear/int8.h"

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod+i8mm")
namespace gerbil::kernels::linear {
namespace {

#include "kernels/linear/int8_neon-inl.h"

struct Isa : NeonVectors {
  static constexpr bool kSignedBytes = false;
  static constexpr bool kPairsOfRows = true;

  template <int kBits>
  static HWY_INLINE Int dot(Int sum, Int codes, Int x) {
    return vusdotq_s32(sum, unsigned_bytes(codes), signed_bytes(x));
  }
  // Two outputs by two rows in a vector: outputs 0 and 1 in the first, 2 and 3 in the second.
  static HWY_INLINE void pair(Int& a, Int& b) {
    const Int first = vzip1q_s32(a, b);
    b = vzip2q_s32(a, b);
    a = first;
  }
  static HWY_INLINE void unpair(Int& first, Int& second) {
    const Int a = vuzp1q_s32(first, second);
    second = vuzp2q_s32(first, second);
    first = a;
  }
  static HWY_INLINE Int eight_of_two(const int8_t* a, const int8_t* b) {
    return vreinterpretq_s32_s8(vcombine_s8(vld1_s8(a), vld1_s8(b)));
  }
  static HWY_INLINE void multiply_pair(Int& first, Int& second, Int codes01, Int codes23, Int x) {
    first = vusmmlaq_s32(first, unsigned_bytes(codes01), signed_bytes(x));
    second = vusmmlaq_s32(second, unsigned_bytes(codes23), signed_bytes(x));
  }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_neon_i8mm(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
                    int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
HWY_POP_ATTRIBUTES
#endif
