// Dates as text, in the C locale: what templates ask of strftime_now. Pure function, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {

// The directives of C's strftime but for time zones, which are empty; "%-d" has no padding. What is
// no directive stays as it is. An error for a date that does not exist.
Result<std::string> strftime(const CivilTime& time, std::string_view format);

}  // namespace gerbil::text::jinja
