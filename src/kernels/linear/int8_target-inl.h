// The int8 product of the instruction set that a file is compiled for. Compiled once per
// instruction set: see simd-inl.h.
#if defined(GERBIL_KERNELS_LINEAR_INT8_TARGET_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_LINEAR_INT8_TARGET_INL_H
#undef GERBIL_KERNELS_LINEAR_INT8_TARGET_INL_H
#else
#define GERBIL_KERNELS_LINEAR_INT8_TARGET_INL_H
#endif

#include <hwy/highway.h>

#include "kernels/linear/int8.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::linear::HWY_NAMESPACE {

#if HWY_ARCH_X86_64 && HWY_TARGET == HWY_AVX3_DL
inline constexpr Int8Kernel kInt8Kernel = int8_avx512vnni;
#elif HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2
inline constexpr Int8Kernel kInt8Kernel = int8_avx2;
#else
inline constexpr Int8Kernel kInt8Kernel = int8_portable;
#endif

}  // namespace gerbil::kernels::linear::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
