#include "platform/clock.h"

#include <chrono>

namespace gerbil::platform {

double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace gerbil::platform
