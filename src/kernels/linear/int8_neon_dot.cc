#if defined(__aarch64__)
#include <arm_neon.h>
#include <hwy/base.h>

#include <algorithm>

#include "kernels/linear/int8.h"

HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
namespace gerbil::kernels::linear {
namespace {

#include "kernels/linear/int8_neon-inl.h"

struct Isa : NeonVectors {
  static constexpr bool kSignedBytes = true;
  static constexpr bool kPairsOfRows = false;

  template <int kBits>
  static HWY_INLINE Int dot(Int sum, Int codes, Int x) {
    return vdotq_s32(sum, signed_bytes(as_signed<kBits>(codes)), signed_bytes(x));
  }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_neon_dot(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
                   int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
HWY_POP_ATTRIBUTES
#endif
