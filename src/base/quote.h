// Text that came from a file or a request, made fit for one line of an error message: in quotes,
// control characters escaped, cut after `limit` bytes (at a character's border). Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace gerbil {

// "abc\n" of a file -> "\"abc\\n\""
std::string in_quotes(std::string_view text, size_t limit = 120);

}  // namespace gerbil
