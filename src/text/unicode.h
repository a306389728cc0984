// Unicode facts that tokenizers ask for: canonical composition (NFC) and two character classes.
//
// Tables come from utf8proc; all text handed in must be valid UTF-8 (see utf8.h). Pure functions,
// any thread. NFC is linear in the text but for the sorting of runs of combining marks, which is
// n log n.
#pragma once

#include <string>
#include <string_view>

namespace gerbil::text {

// Whether `text` is certainly in NFC already, judged without tables: no character that could
// decompose, combine with the one before it, or be reordered. False means "look closer".
bool is_plainly_nfc(std::string_view text);

std::string to_nfc(std::string_view text);

// White_Space: what Rust's and Oniguruma's \s match.
bool is_white_space(char32_t codepoint);

// \w of Rust's regex crate: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, Join_Control.
bool is_word_character(char32_t codepoint);

}  // namespace gerbil::text
