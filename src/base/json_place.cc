#include "base/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace gerbil::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string place(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {} (byte {})", line, offset - line_start + 1, offset);
}

// Walks the grammar with its own stack of brackets; stops at the first byte that breaks it.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  // What was expected at at(); empty when the text is well-formed.
  std::string_view run() {
    std::string_view wanted = "a value";
    for (;;) {  // one turn per value: a key before it in objects, a comma or brackets after it
      skip_space();
      if (!open_.empty() && open_.back() == '{' && wanted != "a value") {
        if (!string()) return wanted;
        skip_space();
        if (!take(':')) return "\":\"";
        skip_space();
      }
      if (take('[')) {
        open_.push_back('[');
        skip_space();
        wanted = "a value";
        if (peek() != ']') continue;
      } else if (take('{')) {
        open_.push_back('{');
        skip_space();
        wanted = "a key in quotes or \"}\"";
        if (peek() != '}') continue;
      } else if (!scalar()) {
        return reason_.empty() ? "a value" : reason_;
      }
      for (;;) {  // closing brackets, then a comma or the end
        skip_space();
        if (open_.empty()) return at_ == text_.size() ? "" : "the end of the text";
        const bool object = open_.back() == '{';
        if (take(',')) {
          wanted = object ? "a key in quotes" : "a value";
          break;
        }
        if (!take(object ? '}' : ']')) return object ? "\",\" or \"}\"" : "\",\" or \"]\"";
        open_.pop_back();
      }
    }
  }

  size_t at() const { return std::min(at_, text_.size()); }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool digits() {
    const size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start;
  }

  bool scalar() {
    if (peek() == '"') return string();
    for (std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return true;
      }
    return number();
  }

  bool number() {
    if (peek() != '-' && !is_digit(peek())) return false;
    reason_ = "a number";
    take('-');
    const bool zero = peek() == '0';
    if (!digits() || (zero && text_[at_ - 1] != '0')) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    reason_ = "";
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    for (; at_ < text_.size(); ++at_) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (byte < 0x20) return broken("an escaped control character");
      if (byte != '\\') continue;
      ++at_;
      if (peek() == 'u') {
        for (int i = 0; i < 4; ++i)
          if (++at_; !is_hex(peek())) return broken("four hexadecimal digits");
      } else if (std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos) {
        return broken("an escape that JSON has");
      }
    }
    return broken("the closing quote of a string");
  }

  bool broken(std::string_view reason) {
    reason_ = reason;
    return false;
  }
  static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string_view reason_;
  std::vector<char> open_;
};

// Length of the UTF-8 sequence at the start of `text`, 0 where it is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool outside = (byte(0) == 0xed && byte(1) > 0x9f) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return overlong || outside ? 0 : length;
}

}  // namespace

std::string syntax_error_place(std::string_view text) {
  Walker walker(text);
  const std::string_view wanted = walker.run();
  // Only numbers out of a double's range and lone surrogates pass the grammar but not simdjson.
  if (wanted.empty()) return "a number or an escape that stands for no value";
  if (walker.at() == text.size())
    return fmt::format("expected {} where the text ends, {}", wanted, place(text, walker.at()));
  return fmt::format("expected {} at {}", wanted, place(text, walker.at()));
}

std::string utf8_error_place(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t length = utf8_length(text.substr(offset));
    if (length == 0) break;
    offset += length;
  }
  return place(text, offset);
}

std::string with_wide_integers_as_doubles(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string || !is_digit(c)) {
      if (c == '"') in_string = !in_string;
      out += c;
      ++i;
      if (in_string && c == '\\' && i < text.size()) out += text[i++];
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    out += text.substr(i, end - i);
    // Digits after a point or an exponent sign are no integer.
    const char before = i == 0 ? ' ' : text[i - 1];
    const bool fraction = before == '.' || before == 'e' || before == 'E' || before == '+' ||
                          (before == '-' && i >= 2 && (text[i - 2] == 'e' || text[i - 2] == 'E'));
    const char after = end < text.size() ? text[end] : ' ';
    if (end - i > 18 && !fraction && after != '.' && after != 'e' && after != 'E') out += ".0";
    i = end;
  }
  return out;
}

}  // namespace gerbil::json
