#include "text/bpe_alphabet.h"

#include <array>

#include "text/utf8.h"

namespace gerbil::text {
namespace {

constexpr uint32_t kAlphabetEnd = 0x144;  // the last character is U+0143, for 0xAD

struct Alphabet {
  std::array<uint16_t, 256> character{};
  std::array<int16_t, kAlphabetEnd> byte{};
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  uint16_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b != 0xAD);
    const uint16_t c = printable ? static_cast<uint16_t>(b) : next++;
    alphabet.character[b] = c;
    alphabet.byte[c] = static_cast<int16_t>(b);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t byte_to_alphabet(uint8_t byte) { return kAlphabet.character[byte]; }

bool append_alphabet_bytes(std::string_view content, std::string& out) {
  const size_t before = out.size();
  for (size_t offset = 0; offset < content.size();) {
    const Utf8Step step = utf8_step(content, offset);
    const int byte = step.codepoint < kAlphabetEnd ? kAlphabet.byte[step.codepoint] : -1;
    if (step.kind != Utf8Kind::kCharacter || byte < 0) {
      out.resize(before);
      return false;
    }
    out += static_cast<char>(byte);
    offset += step.size;
  }
  return true;
}

}  // namespace gerbil::text
