#include "text/bpe_alphabet.h"

#include <array>

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

void append_in_alphabet(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) {
    const uint32_t c = kAlphabet.character[static_cast<uint8_t>(byte)];
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      out += static_cast<char>(0xC0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
}

bool append_alphabet_bytes(std::string_view content, std::string& out) {
  const size_t before = out.size();
  out.resize(before + content.size());
  size_t written = before;
  for (size_t i = 0; i < content.size(); ++i) {
    uint32_t c = static_cast<uint8_t>(content[i]);
    if (c >= 0x80) {  // all characters of the alphabet beyond ASCII are of two bytes
      const uint32_t next = i + 1 < content.size() ? static_cast<uint8_t>(content[i + 1]) : 0u;
      c = c >= 0xC2 && c < 0xE0 && (next & 0xC0) == 0x80 ? (c & 0x1F) << 6 | (next & 0x3F)
                                                         : kAlphabetEnd;
      ++i;
    }
    if (c >= kAlphabetEnd || kAlphabet.byte[c] < 0) {
      out.resize(before);
      return false;
    }
    out[written++] = static_cast<char>(kAlphabet.byte[c]);
  }
  out.resize(written);
  return true;
}

}  // namespace gerbil::text
