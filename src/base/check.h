// GERBIL_ASSERT: a promise between two pieces of gerbil, never a check of input. It is active in
// every build, prints nothing but the place through the standard error of abort(), and costs one
// predicted branch.
#pragma once

#include <cstdlib>

#define GERBIL_ASSERT(condition)                                  \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::gerbil::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)

namespace gerbil {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}  // namespace gerbil
