#include "text/utf8.h"

#include <cstring>

namespace gerbil::text {
namespace {

// Skips ASCII eight bytes at a time.
size_t ascii_end(std::string_view text, size_t offset) {
  while (offset + 8 <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + offset, 8);
    if ((word & 0x8080808080808080u) != 0) break;
    offset += 8;
  }
  while (offset < text.size() && static_cast<uint8_t>(text[offset]) < 0x80) ++offset;
  return offset;
}

}  // namespace

Utf8Step utf8_step(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[offset + i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {Utf8Kind::kCharacter, 1, lead};
  if (lead < 0xC2 || lead > 0xF4) return {Utf8Kind::kInvalid, 1, 0};
  const uint32_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t codepoint = lead & (0x7Fu >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if (offset + i >= text.size()) return {Utf8Kind::kIncomplete, i, 0};
    // The second byte of some leads is narrower: no overlong forms, no surrogates, <= U+10FFFF.
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (i == 1 && lead == 0xE0) low = 0xA0;
    if (i == 1 && lead == 0xED) high = 0x9F;
    if (i == 1 && lead == 0xF0) low = 0x90;
    if (i == 1 && lead == 0xF4) high = 0x8F;
    if (byte(i) < low || byte(i) > high) return {Utf8Kind::kInvalid, i, 0};
    codepoint = codepoint << 6 | (byte(i) & 0x3Fu);
  }
  return {Utf8Kind::kCharacter, length, codepoint};
}

size_t utf8_valid_prefix(std::string_view text) {
  size_t offset = ascii_end(text, 0);
  while (offset < text.size()) {
    const Utf8Step step = utf8_step(text, offset);
    if (step.kind != Utf8Kind::kCharacter) return offset;
    offset += step.size;
    if (step.size == 1) offset = ascii_end(text, offset);
  }
  return offset;
}

Status check_utf8(std::string_view text, std::string_view what) {
  const size_t offset = utf8_valid_prefix(text);
  if (offset == text.size()) return {};
  return invalid("{} is not valid UTF-8 at byte {} (0x{:02x})", what, offset,
                 static_cast<uint8_t>(text[offset]));
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Utf8Repair repair;
  repair.push(text, out);
  repair.flush(out);
  return out;
}

void append_utf8(std::string& out, char32_t codepoint) {
  if (codepoint < 0x80) {
    out += static_cast<char>(codepoint);
  } else if (codepoint < 0x800) {
    out += static_cast<char>(0xC0 | codepoint >> 6);
    out += static_cast<char>(0x80 | (codepoint & 0x3F));
  } else if (codepoint < 0x10000) {
    out += static_cast<char>(0xE0 | codepoint >> 12);
    out += static_cast<char>(0x80 | (codepoint >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (codepoint & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | codepoint >> 18);
    out += static_cast<char>(0x80 | (codepoint >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (codepoint >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (codepoint & 0x3F));
  }
}

void Utf8Repair::push(std::string_view bytes, std::string& out) {
  std::string joined;
  if (!pending_.empty()) {
    joined = pending_;
    joined += bytes;
    bytes = joined;
    pending_.clear();
  }
  size_t offset = 0;
  while (offset < bytes.size()) {
    const size_t valid = utf8_valid_prefix(bytes.substr(offset));
    out += bytes.substr(offset, valid);
    offset += valid;
    if (offset == bytes.size()) return;
    const Utf8Step step = utf8_step(bytes, offset);
    if (step.kind == Utf8Kind::kIncomplete) {
      pending_ = bytes.substr(offset);
      return;
    }
    out += kReplacement;
    offset += step.size;
  }
}

void Utf8Repair::flush(std::string& out) {
  if (!pending_.empty()) out += kReplacement;
  pending_.clear();
}

}  // namespace gerbil::text
