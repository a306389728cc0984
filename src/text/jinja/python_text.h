// What Python's str can do that templates rely on, over valid UTF-8 (views in, code points
// counted). Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::text::jinja {

// Visits the code points in order: f(code_point, byte_offset, bytes).
template <class F>
void for_each_code_point(std::string_view text, F&& f);

int64_t length(std::string_view text);  // in code points
// Byte offset of the code point `index` (0 <= index <= length).
size_t byte_offset(std::string_view text, int64_t index);
std::vector<std::string_view> characters(std::string_view text);

bool is_space(char32_t c);  // str.isspace
bool is_printable(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title_case(char32_t c);  // one letter of the few that are both
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string case_fold(std::string_view text);  // str.casefold
std::string swap_case(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);  // str.title: words are runs of cased letters

enum class Side : uint8_t { kBoth, kLeft, kRight };
std::string_view strip(std::string_view text, Side side);
// Strips the characters of `set`, in any order.
std::string_view strip(std::string_view text, std::string_view set, Side side);

// str.split() and str.split(separator); `limit` < 0: no limit. `separator` is not empty.
std::vector<std::string_view> split(std::string_view text, int64_t limit, bool from_right);
std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    int64_t limit, bool from_right);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

// Number of non-overlapping occurrences, of at most `limit` (< 0: all); str.count and str.replace.
int64_t count(std::string_view text, std::string_view part, int64_t limit = -1);
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    int64_t limit);

template <class F>
void for_each_code_point(std::string_view text, F&& f) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<uint8_t>(text[at]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (at + bytes > text.size()) return;
    char32_t c = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; ++i) c = c << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3Fu);
    f(c, at, bytes);
    at += bytes;
  }
}

}  // namespace gerbil::text::jinja
