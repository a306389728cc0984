#include "base/check.h"

#include <cstdio>

namespace gerbil {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "gerbil: broken promise: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace gerbil
