// Python's pprint.pformat: values over several lines. One rendering, one thread.
#pragma once

#include <string>

#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

Status append_pretty(Runtime& runtime, const Value& value, std::string& out);

}  // namespace gerbil::text::jinja
