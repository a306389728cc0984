// UTF-8: decoding, checking, and repairing of text that a model or a user may have torn.
//
// A maximal subpart of an ill-formed sequence counts as one error (Unicode 15, section 3.9, table
// 3-8): repair puts one U+FFFD in the place of each. Stateless functions may be called from any
// thread; an Utf8Repair belongs to one stream. Offsets are bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gerbil::text {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

enum class Utf8Kind {
  kCharacter,   // `size` bytes hold `codepoint`
  kInvalid,     // `size` bytes can never be part of a character
  kIncomplete,  // all `size` bytes that are left begin a character, the rest is missing
};

struct Utf8Step {
  Utf8Kind kind = Utf8Kind::kInvalid;
  uint32_t size = 0;
  char32_t codepoint = 0;
};

// Reads what stands at `offset` (< text.size()).
Utf8Step utf8_step(std::string_view text, size_t offset);

// The byte offset of the first ill-formed sequence, or text.size() if there is none.
size_t utf8_valid_prefix(std::string_view text);

// kInvalidArgument, "{what} is not valid UTF-8 at byte {offset} (0x..)", unless `text` is valid.
Status check_utf8(std::string_view text, std::string_view what);

// `text` with U+FFFD for each ill-formed sequence.
std::string repair_utf8(std::string_view text);

void append_utf8(std::string& out, char32_t codepoint);

// The same repair for bytes that arrive in pieces: holds back at most the 3 bytes of a character
// that is still incomplete. The concatenated output equals repair_utf8 of the concatenated input.
class Utf8Repair {
 public:
  void push(std::string_view bytes, std::string& out);
  void flush(std::string& out);  // the torn tail, if any, becomes one U+FFFD

 private:
  std::string pending_;
};

}  // namespace gerbil::text
