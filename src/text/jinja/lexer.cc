#include "text/jinja/lexer.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/quote.h"
#include "text/jinja/python_text.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

// Line breaks of all systems become "\n"; one at the very end goes.
std::string normalize(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<uint8_t>(c) >= 0x80;
}
bool is_decimal_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_decimal_digit(c); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) GERBIL_CHECK_OK(text_and_tag());
    emit(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(source_).substr(at_); }
  bool next_is(std::string_view text) const { return rest().starts_with(text); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  void advance(size_t bytes) {
    line_ += static_cast<uint32_t>(
        std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                   source_.begin() + static_cast<std::ptrdiff_t>(at_ + bytes), '\n'));
    at_ += bytes;
  }
  void skip_space() {
    const std::string_view left = rest();
    advance(left.size() - strip(left, Side::kLeft).size());
  }

  Token& emit(TokenKind kind, std::string text = {}) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.line = line_;
    token.text = std::move(text);
    return token;
  }

  template <class... Args>
  std::unexpected<Error> error(fmt::format_string<Args...> format, Args&&... args) const {
    return corrupt("{}: {}", line_, fmt::format(format, std::forward<Args>(args)...));
  }

  // Emits the text before a tag that opens with `sign` at its front; `begin` is where it started.
  void emit_text(size_t begin, size_t end, char sign, bool is_block) {
    std::string_view text = std::string_view(source_).substr(begin, end - begin);
    const uint32_t line = line_;
    if (sign == '-') {
      text = strip(text, Side::kRight);
    } else if (sign != '+' && is_block) {
      const size_t newline = text.rfind('\n');
      const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
      const bool starts_line =
          newline != std::string_view::npos || begin == 0 || source_[begin - 1] == '\n';
      if (starts_line && strip(text.substr(line_start), Side::kLeft).empty())
        text = text.substr(0, line_start);
    }
    if (!text.empty()) emit(TokenKind::kText, std::string(text)).line = line;
  }

  // The sign after a tag's opening: "-" or "+" or nothing.
  char opening_sign(size_t tag) const {
    const char c = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    return c == '-' || c == '+' ? c : '\0';
  }

  Status text_and_tag() {
    const size_t begin = at_;
    size_t tag = begin;
    while (true) {
      tag = source_.find('{', tag);
      if (tag == std::string::npos || tag + 1 >= source_.size()) {
        emit(TokenKind::kText, source_.substr(begin));
        advance(source_.size() - begin);
        return {};
      }
      const char c = source_[tag + 1];
      if (c == '{' || c == '%' || c == '#') break;
      ++tag;
    }
    const char type = source_[tag + 1];
    const char sign = opening_sign(tag);
    emit_text(begin, tag, sign, type != '{');
    advance(tag - begin);
    if (type == '#') return comment();
    if (type == '%' && is_raw_tag()) return raw();
    emit(type == '{' ? TokenKind::kOutputBegin : TokenKind::kBlockBegin);
    opened_line_ = line_;
    advance(sign ? 3 : 2);
    return tag_inside(type == '%');
  }

  // The closing of a block tag at `at_`: consumes it and the white space its sign asks for.
  bool block_end() {
    if (next_is("-%}")) {
      advance(3);
      skip_space();
    } else if (next_is("+%}")) {
      advance(3);
    } else if (next_is("%}")) {
      advance(2);
      if (peek() == '\n') advance(1);
    } else {
      return false;
    }
    return true;
  }

  Status comment() {
    const size_t end = source_.find("#}", at_ + 2);
    if (end == std::string::npos) return error("a comment is not closed with #}}");
    const size_t body = at_ + (opening_sign(at_) ? 3 : 2);
    const char sign = end > body ? source_[end - 1] : '\0';
    advance(end + 2 - at_);
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && peek() == '\n') {
      advance(1);
    }
    return {};
  }

  // Length of "{%- NAME" at `at`, white space included; 0 if something else stands there.
  size_t match_keyword_tag(size_t at, std::string_view name) const {
    std::string_view left = std::string_view(source_).substr(at);
    if (!left.starts_with("{%")) return 0;
    left.remove_prefix(opening_sign(at) ? 3 : 2);
    left = strip(left, Side::kLeft);
    if (!left.starts_with(name)) return 0;
    left = strip(left.substr(name.size()), Side::kLeft);
    return source_.size() - at - left.size();
  }

  bool is_raw_tag() const {
    const size_t size = match_keyword_tag(at_, "raw");
    if (size == 0) return false;
    const std::string_view left = rest().substr(size);
    return left.starts_with("%}") || left.starts_with("-%}");
  }

  Status raw() {
    advance(match_keyword_tag(at_, "raw"));
    if (next_is("-%}")) {
      advance(3);
      skip_space();
    } else {
      advance(2);
    }
    const size_t begin = at_;
    for (size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 2)) {
      const size_t size = match_keyword_tag(tag, "endraw");
      if (size == 0) continue;
      const std::string_view left = std::string_view(source_).substr(tag + size);
      if (!left.starts_with("%}") && !left.starts_with("-%}") && !left.starts_with("+%}")) continue;
      emit_text(begin, tag, opening_sign(tag), true);
      advance(tag + size - begin);
      block_end();
      return {};
    }
    return error("a raw block is not closed with endraw");
  }

  // Tokens up to the end of a tag.
  Status tag_inside(bool is_block) {
    std::string open_brackets;
    while (true) {
      skip_space();
      if (at_ >= source_.size()) {
        line_ = opened_line_;
        return error("a tag is not closed with {}", is_block ? "%}" : "}}");
      }
      if (open_brackets.empty()) {
        const uint32_t line = line_;
        if (is_block && block_end()) {
          emit(TokenKind::kBlockEnd).line = line;
          return {};
        }
        if (!is_block && (next_is("}}") || next_is("-}}"))) {
          emit(TokenKind::kOutputEnd);
          const bool strips = peek() == '-';
          advance(strips ? 3 : 2);
          if (strips) skip_space();
          return {};
        }
      }
      const char c = peek();
      if (is_decimal_digit(c)) {
        GERBIL_CHECK_OK(number());
      } else if (is_name_start(c)) {
        size_t size = 1;
        while (is_name_part(peek(size))) ++size;
        emit(TokenKind::kName, source_.substr(at_, size));
        advance(size);
      } else if (c == '"' || c == '\'') {
        GERBIL_CHECK_OK(string());
      } else {
        GERBIL_CHECK_OK(symbol(open_brackets));
      }
    }
  }

  Status symbol(std::string& open_brackets) {
    static constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view kOne = "+-/*%~[](){}><=.:|,;";
    std::string_view found;
    for (std::string_view two : kTwo)
      if (next_is(two)) found = two;
    if (found.empty() && kOne.find(peek()) != std::string_view::npos) found = rest().substr(0, 1);
    if (found.empty())
      return error("unexpected character {}",
                   in_quotes(rest().substr(0, std::max<size_t>(1, utf8_step(source_, at_).size))));
    const char c = found[0];
    if (c == '(' || c == '[' || c == '{') {
      open_brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (open_brackets.empty()) return error("unexpected '{}'", c);
      if (open_brackets.back() != c)
        return error("unexpected '{}', expected '{}'", c, open_brackets.back());
      open_brackets.pop_back();
    }
    emit(TokenKind::kOperator, std::string(found));
    advance(found.size());
    return {};
  }

  // Digits of `base` at `ahead`, single underscores between them; returns where they end.
  size_t digits(size_t ahead, int base, std::string& out) const {
    while (true) {
      const int value = hex_value(peek(ahead));
      if (value >= 0 && value < base) {
        out += peek(ahead++);
      } else if (peek(ahead) == '_' && !out.empty() && hex_value(peek(ahead + 1)) >= 0 &&
                 hex_value(peek(ahead + 1)) < base) {
        ++ahead;
      } else {
        return ahead;
      }
    }
  }

  Status number() {
    std::string text;
    int base = 10;
    size_t end = 0;
    if (peek() == '0') {
      const char mark = static_cast<char>(peek(1) | 0x20);
      base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    }
    if (base != 10) {
      end = digits(2, base, text);
      if (text.empty()) return error("a number has no digits after its prefix");
    } else {
      end = digits(0, 10, text);
      // After a dot ("messages.0.1") digits are an index, not a fraction.
      const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
      size_t fraction_end = end;
      std::string fraction;
      if (!after_dot && peek(end) == '.') fraction_end = digits(end + 1, 10, fraction);
      const size_t whole_end = fraction.empty() ? end : fraction_end;
      std::string exponent;
      size_t exponent_end = whole_end;
      if (!after_dot && (peek(whole_end) | 0x20) == 'e') {
        const size_t sign = peek(whole_end + 1) == '-' || peek(whole_end + 1) == '+' ? 1 : 0;
        std::string exponent_digits;
        exponent_end = digits(whole_end + 1 + sign, 10, exponent_digits);
        if (!exponent_digits.empty())
          exponent = (sign ? std::string(1, peek(whole_end + 1)) : "") + exponent_digits;
      }
      if (!fraction.empty() || !exponent.empty()) {
        if (!fraction.empty()) text += "." + fraction;
        if (!exponent.empty()) text += "e" + exponent;
        emit(TokenKind::kFloat).real = std::strtod(text.c_str(), nullptr);
        advance(exponent.empty() ? whole_end : exponent_end);
        return {};
      }
    }
    int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (parsed.ec != std::errc())
      return error("the number {} does not fit 64 bits", in_quotes(text, 40));
    emit(TokenKind::kInteger).integer = value;
    advance(end);
    return {};
  }

  Status string() {
    const char quote = peek();
    const uint32_t line = line_;
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return error("a string is not closed with {}", quote);
    std::string text;
    const std::string_view body = std::string_view(source_).substr(at_ + 1, end - at_ - 1);
    for (size_t i = 0; i < body.size();) {
      if (body[i] != '\\') {
        text += body[i++];
      } else {
        GERBIL_CHECK_OK(escape(body, i, text));
      }
    }
    emit(TokenKind::kString, std::move(text)).line = line;
    advance(end + 1 - at_);
    return {};
  }

  // Python's escapes; `i` stands at the backslash. Unknown ones stay as they are.
  Status escape(std::string_view body, size_t& i, std::string& out) const {
    static constexpr std::string_view kNames = "\\'\"abfnrtv";
    static constexpr std::string_view kValues = "\\'\"\a\b\f\n\r\t\v";
    const char c = body[i + 1];  // the string's end is never right after a backslash
    if (c == '\n') {
      i += 2;
      return {};
    }
    if (const size_t known = kNames.find(c); known != std::string_view::npos) {
      out += kValues[known];
      i += 2;
      return {};
    }
    size_t count = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    uint32_t code = 0;
    if (count > 0) {
      i += 2;
      for (; count > 0; --count, ++i) {
        const int digit = i < body.size() ? hex_value(body[i]) : -1;
        if (digit < 0) return error("a string holds a torn \\{} escape", c);
        code = code << 4 | static_cast<uint32_t>(digit);
      }
      // Two escapes of a surrogate pair are one character; Python would keep them apart and fail
      // to encode them.
      if (code >= 0xD800 && code < 0xDC00 && body.substr(i).starts_with("\\u")) {
        uint32_t low = 0;
        size_t k = i + 2;
        for (; k < body.size() && k < i + 6 && hex_value(body[k]) >= 0; ++k)
          low = low << 4 | static_cast<uint32_t>(hex_value(body[k]));
        if (k == i + 6 && low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          i = k;
        }
      }
    } else if (c >= '0' && c <= '7') {
      ++i;
      for (int n = 0; n < 3 && i < body.size() && body[i] >= '0' && body[i] <= '7'; ++n, ++i)
        code = code * 8 + static_cast<uint32_t>(body[i] - '0');
    } else {
      out += '\\';
      ++i;
      return {};
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return error("a string escapes U+{:X}, which is no character", code);
    append_utf8(out, code);
    return {};
  }

  std::string source_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  uint32_t opened_line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) {
  return Lexer(normalize(source)).run();
}

}  // namespace gerbil::text::jinja
