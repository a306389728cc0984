// Where a JSON text is wrong: simdjson says what, not where, so a text that it refused is walked
// once more. Also the spelling change for integers that it cannot hold. Used by json.cc alone.
#pragma once

#include <string>
#include <string_view>

namespace gerbil::json {

// "expected a value at line 3, column 7 (byte 41)"
std::string syntax_error_place(std::string_view text);
// "line 3, column 7 (byte 41)"
std::string utf8_error_place(std::string_view text);
// Integers of more than 18 digits get ".0"; strings are left alone.
std::string with_wide_integers_as_doubles(std::string_view text);

}  // namespace gerbil::json
