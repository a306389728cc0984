// Rewrites a tokenizer's regular expression from Oniguruma's dialect to PCRE2's. Used by regex.cc
// alone. Pure; any thread.
//
// What differs and is rewritten: \s \d \w \h and their complements (spelled as code point ranges
// and properties; PCRE2's \s holds U+180E and its \h is horizontal space), \b, \v, \uHHHH, script
// properties (PCRE2 reads a bare script name as Script_Extensions), `{,n}`. What PCRE2 would read
// otherwise and is not rewritten is refused: sets within sets, &&, POSIX classes, groups other than
// (?: (?= (?! (?<= (?<! (?> (?i) (?i:, backreferences, a quantifier after `{m,n}` (possessive
// there, a second repeat here), and every escape not named above.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gerbil::text {

Result<std::string> to_pcre2(std::string_view pattern);

}  // namespace gerbil::text
