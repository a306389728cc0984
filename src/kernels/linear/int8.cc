#include "kernels/linear/int8.h"

namespace gerbil::kernels::linear {

Int8Kernel int8_kernel(platform::Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case platform::Isa::kAvx512:
      return int8_avx512vnni;
    case platform::Isa::kAvx2:
      return int8_avx2;
#elif defined(__aarch64__)
    case platform::Isa::kNeonI8mm:
      return int8_neon_i8mm;
    case platform::Isa::kNeonDot:
      return int8_neon_dot;
    case platform::Isa::kNeon:
      return int8_neon;
#endif
    default:
      return int8_portable;
  }
}

}  // namespace gerbil::kernels::linear
