// Jinja source -> tokens, with the whitespace rules of transformers' templates: the first line
// break after a block tag goes (trim_blocks), so do blanks before one at the start of its line
// (lstrip_blocks); "-" strips more, "+" keeps. One line break at the very end is dropped.
//
// Pure function, any thread. Errors name the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gerbil::text::jinja {

enum class TokenKind : uint8_t {
  kText,         // outside of tags
  kOutputBegin,  // {{
  kOutputEnd,    // }}
  kBlockBegin,   // {%
  kBlockEnd,     // %}
  kName,
  kInteger,
  kFloat,
  kString,
  kOperator,
  kEnd,  // of the source
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t line = 1;
  std::string text;  // of kText, kName, kString (unescaped) and kOperator
  int64_t integer = 0;
  double real = 0;
};

// `source` is valid UTF-8. The last token is kEnd. Errors read "LINE: reason".
Result<std::vector<Token>> tokenize(std::string_view source);

}  // namespace gerbil::text::jinja
