// Unicode facts that tokenizers ask for: the four normal forms, lower case, and character classes.
//
// Each is that of Hugging Face's library, whose parts have tables of different ages: normal forms
// are those of Unicode 9 (a mark encoded since is an ordinary character), classes and lower case
// are newer (see tools/make_unicode_tables.mjs). All text handed in must be valid UTF-8 (see
// utf8.h). Pure functions, any thread. Normal forms are linear in the text but for the sorting of
// runs of combining marks, which is n log n.
#pragma once

#include <string>
#include <string_view>

namespace gerbil::text {

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };

// Whether `text` is certainly in NFC already: no character that could decompose, combine with the
// one before it, or be reordered. False means "look closer".
bool is_plainly_nfc(std::string_view text);

std::string to_nfc(std::string_view text);
std::string to_normal_form(NormalForm form, std::string_view text);

// Without context (a final sigma is a sigma).
void append_lowercase(std::string& out, char32_t codepoint);

// White_Space: what Rust's and Oniguruma's \s match.
bool is_white_space(char32_t codepoint);

// \w of Rust's regex crate: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, Join_Control.
bool is_word_character(char32_t codepoint);

// Mark, as StripAccents knows it (Unicode 9).
bool is_mark(char32_t codepoint);

// Number, as Digits knows it (Unicode 17).
bool is_number(char32_t codepoint);

// Punctuation, as the pre-tokenizers of that name know it (Unicode 8), and all of ASCII's symbols.
bool is_punctuation(char32_t codepoint);

}  // namespace gerbil::text
