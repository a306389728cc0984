// Which instruction sets the Highway kernels are compiled for: one for each level of
// platform/cpu_features.h. Include before any header of Highway's wherever HWY_TARGETS is read;
// kernels include foreach_target.h.
//
// On x86 these are a scalar baseline (Highway 1.0.3 has no SSE2: Clang gets emulated vectors of
// four lanes, GCC before 12.3 one lane), SSE4, AVX2 and AVX3 (AVX-512 F, BW, DQ, VL). SSSE3 would
// only serve processors of before 2008; AVX3_DL adds nothing that a kernel here uses. On AArch64
// Advanced SIMD is the baseline; kernels keep vectors in arrays, so vectors of unknown length are
// left out.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
