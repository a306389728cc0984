#include "cli/unicode_text.h"

#include <langinfo.h>

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cwchar>

namespace gerbil::cli {
namespace {

// The length that a sequence beginning with this byte has, and what its second byte may be (Unicode
// 15, table 3-7). 0: no sequence begins so.
struct Lead {
  size_t length = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {.length = 1};
  if (byte >= 0xC2 && byte <= 0xDF) return {.length = 2};
  if (byte == 0xE0) return {.length = 3, .low = 0xA0};
  if (byte == 0xED) return {.length = 3, .high = 0x9F};  // no surrogates
  if (byte >= 0xE0 && byte <= 0xEF) return {.length = 3};
  if (byte == 0xF0) return {.length = 4, .low = 0x90};
  if (byte == 0xF4) return {.length = 4, .high = 0x8F};  // no more than U+10FFFF
  if (byte >= 0xF1 && byte <= 0xF3) return {.length = 4};
  return {};
}

struct Decoded {
  char32_t c = 0;
  size_t length = 0;  // 0: cut off
};

Decoded decode_front(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.length == 0) return {kReplacement, 1};
  if (lead.length == 1) return {byte(0), 1};
  char32_t c = byte(0) & (0xFF >> (lead.length + 1));
  for (size_t i = 1; i < lead.length; ++i) {
    if (i == text.size()) return {};
    const uint8_t low = i == 1 ? lead.low : 0x80;
    const uint8_t high = i == 1 ? lead.high : 0xBF;
    if (byte(i) < low || byte(i) > high) return {kReplacement, 1};
    c = (c << 6) | (byte(i) & 0x3F);
  }
  return {c, lead.length};
}

}  // namespace

void use_utf8_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

void append_utf8(std::string& text, char32_t c) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | (c >> 6));
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | (c >> 12));
    add(0x80 | ((c >> 6) & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | (c >> 18));
    add(0x80 | ((c >> 12) & 0x3F));
    add(0x80 | ((c >> 6) & 0x3F));
    add(0x80 | (c & 0x3F));
  }
}

std::string to_utf8(std::u32string_view text) {
  std::string bytes;
  for (const char32_t c : text) append_utf8(bytes, c);
  return bytes;
}

std::u32string from_utf8(std::string_view text) {
  std::u32string decoded;
  Utf8Decoder decoder;
  decoder.push(text, decoded);
  decoder.finish(decoded);
  return decoded;
}

void Utf8Decoder::push(std::string_view piece, std::u32string& decoded) {
  unfinished_ += piece;
  std::string_view rest = unfinished_;
  while (!rest.empty()) {
    const Decoded front = decode_front(rest);
    if (front.length == 0) break;
    decoded += front.c;
    rest.remove_prefix(front.length);
  }
  unfinished_.erase(0, unfinished_.size() - rest.size());
}

void Utf8Decoder::finish(std::u32string& decoded) {
  decoded.append(unfinished_.size(), kReplacement);
  unfinished_.clear();
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

int cell_width(char32_t c) {
  if (c >= 0x20 && c < 0x7F) return 1;
  if (c >= 0x1F3FB && c <= 0x1F3FF) return 0;  // a skin tone joins the emoji before it
  const int width = ::wcwidth(static_cast<wchar_t>(c));
  if (width >= 0) return width;
  // Newer than the C library's table: emoji are wide.
  return c >= 0x1F300 && c <= 0x1FAFF ? 2 : 1;
}

int cell_width(std::u32string_view text) {
  int width = 0;
  for (const char32_t c : text) width += cell_width(c);
  return width;
}

}  // namespace gerbil::cli
