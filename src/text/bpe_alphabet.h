// The byte alphabet of byte-level BPE: each of the 256 bytes has a printable character that stands
// for it in tokenizer.json (GPT-2's table: printable Latin-1 stands for itself, the other 68 bytes
// are U+0100 and up in order: the space is U+0120). Constants; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gerbil::text {

// The character that stands for `byte`.
char32_t byte_to_alphabet(uint8_t byte);

// Appends `bytes` spelled in the alphabet.
void append_in_alphabet(std::string_view bytes, std::string& out);

// Appends the bytes that `content` (valid UTF-8) stands for. False, and `out` as it was, if a
// character of it stands for none.
bool append_alphabet_bytes(std::string_view content, std::string& out);

}  // namespace gerbil::text
