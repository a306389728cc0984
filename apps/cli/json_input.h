// JSON that a person hands in. Pure functions.
#pragma once

#include <string_view>

#include "gerbil/result.h"

namespace gerbil::cli {

// Whether it is JSON, and nested no deeper than a printer bears. An error is one line that begins
// with `what`.
Status check_json(std::string_view text, std::string_view what);

}  // namespace gerbil::cli
