// Dates as text, in the C locale: what templates ask of strftime_now. Pure function, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {

// The directives of C's strftime but for time zones and week numbers; "%-d" has no padding. An
// error for a directive that is not known, or a date that does not exist.
Result<std::string> strftime(const CivilTime& time, std::string_view format);

}  // namespace gerbil::text::jinja
