#if defined(__aarch64__)
#include <arm_neon.h>
#include <hwy/base.h>

#include <algorithm>

#include "kernels/linear/int8.h"

namespace gerbil::kernels::linear {
namespace {

#include "kernels/linear/int8_neon-inl.h"

// For processors without dot products (Cortex-A57, A72).
struct Isa : NeonVectors {
  static constexpr bool kSignedBytes = true;
  static constexpr bool kPairsOfRows = false;

  // Products are 16 bits wide; neighbours are added twice.
  template <int kBits>
  static HWY_INLINE Int dot(Int sum, Int codes, Int x) {
    const int8x16_t a = signed_bytes(as_signed<kBits>(codes));
    const int8x16_t b = signed_bytes(x);
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(a, b));
    return vaddq_s32(sum, vpaddq_s32(low, high));
  }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_neon(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
               int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
#endif
