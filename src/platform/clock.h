// Time that only moves forward, for measuring, and the time of day. Thread-safe.
#pragma once

namespace gerbil::platform {

// Seconds since some fixed moment.
double monotonic_seconds();

struct LocalTime {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// Now, where this machine stands; the epoch where it cannot be told.
LocalTime local_time();

}  // namespace gerbil::platform
