// What kind of character one is, and the other cases of it, as Python's str has them.
#include <utf8proc.h>

#include <algorithm>
#include <span>
#include <utility>

#include "text/jinja/python_text.h"
#include "text/jinja/special_case.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

using Ranges = std::span<const std::pair<char32_t, char32_t>>;

// Unicode's Other_Uppercase and Other_Lowercase, and what is a digit without being decimal.
constexpr std::pair<char32_t, char32_t> kOtherUpper[] = {
    {0x2160, 0x216F}, {0x24B6, 0x24CF}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
constexpr std::pair<char32_t, char32_t> kOtherLower[] = {
    {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2B0, 0x2B8},     {0x2C0, 0x2C1},    {0x2E0, 0x2E4},
    {0x345, 0x345},     {0x37A, 0x37A},     {0x1D2C, 0x1D6A},   {0x1D78, 0x1D78},  {0x1D9B, 0x1DBF},
    {0x2071, 0x2071},   {0x207F, 0x207F},   {0x2090, 0x209C},   {0x2170, 0x217F},  {0x24D0, 0x24E9},
    {0x2C7C, 0x2C7D},   {0xA69C, 0xA69D},   {0xA770, 0xA770},   {0xA7F8, 0xA7F9},  {0xAB5C, 0xAB5F},
    {0x10780, 0x10780}, {0x10783, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA}};
constexpr std::pair<char32_t, char32_t> kOtherDigits[] = {
    {0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
    {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
    {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
    {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
    {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A}};

bool holds(Ranges ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const auto& range) { return c >= range.first && c <= range.second; });
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title_case(c); }

// Does not part a word when it comes to whether a sigma is its last letter.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::u32string_view(U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027").find(c) !=
             std::u32string_view::npos;
  }
}

const SpecialCase* find_special(char32_t c) {
  const auto* found = std::lower_bound(
      std::begin(kSpecialCases), std::end(kSpecialCases), c,
      [](const SpecialCase& row, char32_t wanted) { return row.character < wanted; });
  return found != std::end(kSpecialCases) && found->character == c ? found : nullptr;
}

void append_all(std::string& out, const char32_t* characters) {
  for (; *characters; ++characters) append_utf8(out, *characters);
}

void append_upper(std::string& out, char32_t c) {
  if (const SpecialCase* special = find_special(c)) return append_all(out, special->upper);
  append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

void append_title(std::string& out, char32_t c) {
  if (const SpecialCase* special = find_special(c)) return append_all(out, special->title);
  append_utf8(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
}

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr size_t kContext = 64;  // characters that a sigma looks at on each side

// Whether the sigma at `at` ends a word: a letter before it, and none behind.
bool is_final_sigma(std::string_view text, size_t at) {
  bool before = false;
  size_t start = at;
  for (size_t n = 0; start > 0 && n < kContext; ++n) {
    --start;
    while (start > 0 && (static_cast<uint8_t>(text[start]) & 0xC0) == 0x80) --start;
    const char32_t c = utf8_step(text, start).codepoint;
    if (is_case_ignorable(c)) continue;
    before = is_cased(c);
    break;
  }
  if (!before) return false;
  size_t next = at + utf8_step(text, at).size;
  for (size_t n = 0; next < text.size() && n < kContext; ++n) {
    const Utf8Step step = utf8_step(text, next);
    if (!is_case_ignorable(step.codepoint)) return !is_cased(step.codepoint);
    next += step.size;
  }
  return true;
}

void append_lower(std::string& out, char32_t c, std::string_view text, size_t at) {
  if (c == kCapitalSigma && is_final_sigma(text, at)) {
    append_utf8(out, 0x3C2);
  } else if (c == 0x130) {
    out += "i\u0307";
  } else {
    append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
}

}  // namespace

bool is_printable(char32_t c) {
  if (c == ' ') return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

bool is_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || (c > 0x7F && holds(kOtherUpper, c));
}
bool is_lower(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL || (c > 0x7F && holds(kOtherLower, c));
}

bool is_title_case(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LT; }

bool is_alpha(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }
bool is_digit(char32_t c) { return is_decimal(c) || (c > 0x7F && holds(kOtherDigits, c)); }
bool is_numeric(char32_t c) {
  return is_digit(c) || category(c) == UTF8PROC_CATEGORY_NL || category(c) == UTF8PROC_CATEGORY_NO;
}

std::string upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_code_point(text, [&](char32_t c, size_t, size_t) { append_upper(out, c); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_code_point(text, [&](char32_t c, size_t at, size_t) { append_lower(out, c, text, at); });
  return out;
}

std::string case_fold(std::string_view text) {
  std::string out;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t bytes) {
    utf8proc_int32_t folded[8];
    int boundary = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), folded,
                                                           8, UTF8PROC_CASEFOLD, &boundary);
    if (count < 0 || count > 8) {
      out += text.substr(at, bytes);
      return;
    }
    for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(out, static_cast<char32_t>(folded[i]));
  });
  return out;
}

std::string swap_case(std::string_view text) {
  std::string out;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t bytes) {
    if (is_upper(c)) {
      append_lower(out, c, text, at);
    } else if (is_lower(c)) {
      append_upper(out, c);
    } else {
      out += text.substr(at, bytes);
    }
  });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t) {
    if (at == 0) {
      append_title(out, c);
    } else {
      append_lower(out, c, text, at);
    }
  });
  return out;
}

std::string title(std::string_view text) {
  std::string out;
  bool in_word = false;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t) {
    if (std::exchange(in_word, is_cased(c))) {
      append_lower(out, c, text, at);
    } else {
      append_title(out, c);
    }
  });
  return out;
}

}  // namespace gerbil::text::jinja
