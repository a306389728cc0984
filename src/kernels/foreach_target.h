// Compiles the including file, named by HWY_TARGET_INCLUDE, once per instruction set of targets.h.
// Include it before simd-inl.h, and no header of Highway's before it.
#pragma once

#define GERBIL_KERNELS_FOREACH_TARGET

// clang-format off
#include "kernels/targets.h"
#include <hwy/foreach_target.h>
// clang-format on
