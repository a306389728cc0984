// Time that only moves forward, for measuring. Thread-safe.
#pragma once

namespace gerbil::platform {

// Seconds since some fixed moment.
double monotonic_seconds();

}  // namespace gerbil::platform
