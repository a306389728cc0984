#include "text/regex_dialect.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/quote.h"
#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// The inside of a class: code points and properties, as PCRE2 spells them.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff})"
    R"(\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
// Oniguruma counts the Latin-1 superscripts and fractions as word characters.
constexpr std::string_view kWordOf14 =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
constexpr std::string_view kHex = "0-9A-Fa-f";
constexpr std::string_view kNotHex = R"(\x{0}-\x{2f}\x{3a}-\x{40}\x{47}-\x{60}\x{67}-\x{10ffff})";

// Indices of kCategories in the order of `Category`.
constexpr std::array<uint8_t, 30> kSubcategories = {1,  2,  3,  4,  5,  7,  8,  9,  10, 11,
                                                    13, 14, 15, 17, 18, 19, 21, 22, 23, 24,
                                                    25, 26, 27, 29, 30, 31, 32, 34, 35, 36};
constexpr std::array<std::string_view, 37> kCategories = {
    "C",  "Cc", "Cf", "Cn", "Co", "Cs", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",
    "Mc", "Me", "Mn", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Pe", "Pf", "Pi",
    "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs"};

// One escape or literal: either a single code point or the inside of a class. `complement`, where
// it is not empty, is the shorter inside of the class of all others.
struct Item {
  std::optional<char32_t> codepoint;
  std::string set;
  std::string complement = {};
};

void append_range(std::string& out, char32_t first, char32_t last) {
  out += fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(first));
  if (last > first) out += fmt::format("-\\x{{{:x}}}", static_cast<uint32_t>(last));
}

// What tools/make_unicode_tables.mjs numbers.
bool is_category(Category category, std::string_view name) {
  const std::string_view full = kCategories[kSubcategories[static_cast<size_t>(category)]];
  return full.starts_with(name);
}

// PCRE2's Unicode is 14; what came later is spelled out.
std::string since_14(std::initializer_list<std::string_view> names) {
  std::string out;
  for (const CategoryRange& range : kCategoriesSince14)
    for (const std::string_view name : names)
      if (is_category(range.category, name)) append_range(out, range.first, range.last);
  return out;
}

// Every code point of the category, or every other one, as ranges.
std::string all_of(std::string_view name, bool negated) {
  std::string out;
  // PCRE2 refuses the surrogates, which no text holds.
  for (const auto& [low, high] : {std::pair<char32_t, char32_t>{0, 0xD7FF}, {0xE000, 0x10FFFF}}) {
    for (char32_t c = low; c <= high; ++c) {
      if (is_category(category_of(c), name) == negated) continue;
      const char32_t first = c;
      while (c < high && is_category(category_of(c + 1), name) != negated) ++c;
      append_range(out, first, c);
    }
  }
  return out;
}

// Whether PCRE2's category holds code points that are of another one now.
bool lost_some_since_14(std::string_view name) {
  return name == "C" || name == "Cn" || name == "Mn";
}

Item category_item(std::string_view name, bool negated) {
  std::string set;
  if (lost_some_since_14(name)) {
    set = all_of(name, false);
  } else {
    set = fmt::format("\\p{{{}}}{}", name, since_14({name}));
  }
  if (!negated) return {std::nullopt, std::move(set)};
  return {std::nullopt, all_of(name, true), std::move(set)};
}

void append_codepoint(std::string& out, char32_t c) {
  const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  if (plain) {
    out += static_cast<char>(c);
  } else {
    out += fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(c));
  }
}

class Rewriter {
 public:
  explicit Rewriter(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> run() {
    GERBIL_CHECK_OK(check_utf8(pattern_, "a regular expression"));
    while (!at_end()) {
      const char c = pattern_[offset_];
      if (c == '(') {
        GERBIL_CHECK_OK(group());
        continue;  // nothing to repeat yet
      }
      if (c == '|' || c == '^' || c == '$') {
        out_ += c;
        ++offset_;
        continue;
      }
      if (c == ')' || c == '.') {
        out_ += c;
        ++offset_;
      } else if (c == '[') {
        GERBIL_CHECK_OK(set());
      } else if (c == '*' || c == '+' || c == '?') {
        return refuse("a repeat of nothing");
      } else {
        GERBIL_CHECK_OK(single());
      }
      GERBIL_CHECK_OK(quantifier());
    }
    return std::move(out_);
  }

 private:
  bool at_end() const { return offset_ >= pattern_.size(); }
  bool next_is(std::string_view text) const { return pattern_.substr(offset_).starts_with(text); }
  bool take(std::string_view text) {
    if (!next_is(text)) return false;
    offset_ += text.size();
    return true;
  }

  std::unexpected<Error> refuse(std::string_view what) const {
    return unsupported("the regular expression {} has {} at byte {}, which is not understood",
                       in_quotes(pattern_), what, offset_);
  }

  Status group() {
    for (const std::string_view open :
         {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:", "(?i)", "(?-i)"}) {
      if (!take(open)) continue;
      out_ += open;
      return {};
    }
    if (next_is("(?") || next_is("(*")) return refuse("a group of an unknown kind");
    ++offset_;
    out_ += "(?:";  // captures are not used
    return {};
  }

  // A literal or an escape outside a set.
  Status single() {
    if (take("\\b")) return boundary("(?:(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}]))");
    if (take("\\B")) return boundary("(?:(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}]))");
    if (take("\\A") || take("\\z") || take("\\Z")) {
      out_ += pattern_.substr(offset_ - 2, 2);
      return {};
    }
    if (take("\\W")) {
      out_ += fmt::format("[^{}]", word_);
      return {};
    }
    GERBIL_TRY(const Item item, this->item());
    if (item.codepoint) {
      append_codepoint(out_, *item.codepoint);
    } else if (!item.complement.empty()) {
      out_ += fmt::format("[^{}]", item.complement);
    } else {
      out_ += fmt::format("[{}]", item.set);
    }
    return {};
  }

  Status boundary(std::string_view form) {
    out_ += fmt::format(fmt::runtime(form), word_);
    return {};
  }

  // [...]
  Status set() {
    ++offset_;
    out_ += '[';
    if (take("^")) out_ += '^';
    if (next_is("]")) return refuse("an empty set");
    while (true) {
      if (at_end()) return refuse("a set without an end");
      if (take("]")) break;
      if (next_is("[")) return refuse("a set within a set");
      if (next_is("&&")) return refuse("an intersection of sets");
      GERBIL_TRY(const Item first, item());
      if (!first.codepoint) {
        out_ += first.set;
        continue;
      }
      append_codepoint(out_, *first.codepoint);
      if (!next_is("-") || next_is("-]")) continue;
      ++offset_;
      if (next_is("[") || next_is("&&")) return refuse("a range without an end");
      if (at_end()) return refuse("a set without an end");
      GERBIL_TRY(const Item last, item());
      if (!last.codepoint) return refuse("a range that ends in a class");
      out_ += '-';
      append_codepoint(out_, *last.codepoint);
    }
    out_ += ']';
    return {};
  }

  Result<Item> item() {
    const Utf8Step step = utf8_step(pattern_, offset_);
    if (step.codepoint != '\\') {
      offset_ += step.size;
      return Item{step.codepoint, {}};
    }
    if (offset_ + 1 >= pattern_.size()) return refuse("a lone backslash");
    const char c = pattern_[offset_ + 1];
    const auto code = [&](char32_t value) {
      offset_ += 2;
      return Item{value, {}};
    };
    const auto inside = [&](std::string_view text) {
      offset_ += 2;
      return Item{std::nullopt, std::string(text)};
    };
    switch (c) {
      case 't':
        return code('\t');
      case 'n':
        return code('\n');
      case 'r':
        return code('\r');
      case 'f':
        return code('\f');
      case 'v':
        return code('\v');
      case 'a':
        return code('\a');
      case 'e':
        return code(0x1B);
      case 's':
        return inside(kSpace);
      case 'S':
        return inside(kNotSpace);
      case 'd':
      case 'D':
        offset_ += 2;
        return category_item("Nd", c == 'D');
      case 'w':
        return inside(word_);
      case 'h':
        return inside(kHex);
      case 'H':
        return inside(kNotHex);
      case 'p':
      case 'P':
        return property(c == 'P');
      case 'x':
      case 'u':
        return hexadecimal(c);
      default:
        break;
    }
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (letter_or_digit || static_cast<uint8_t>(c) >= 0x80) return refuse("an unknown escape");
    return code(static_cast<uint8_t>(c));
  }

  // \p{L} \p{^L} \P{Han}
  Result<Item> property(bool negated) {
    const size_t close = pattern_.find('}', offset_);
    if (offset_ + 2 >= pattern_.size() || pattern_[offset_ + 2] != '{' ||
        close == std::string_view::npos)
      return refuse("a property without braces");
    std::string_view name = pattern_.substr(offset_ + 3, close - offset_ - 3);
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    const bool letters = std::ranges::all_of(
        name, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; });
    if (name.empty() || !letters) return refuse("a property of an unknown form");
    offset_ = close + 1;
    if (std::ranges::find(kCategories, name) != kCategories.end())
      return category_item(name, negated);
    return Item{std::nullopt, fmt::format("\\{}{{sc:{}}}", negated ? 'P' : 'p', name)};
  }

  // \x7F \x{10FFFF} \u00E9
  Result<Item> hexadecimal(char kind) {
    const size_t digits = offset_ + 2;
    size_t begin = digits;
    size_t count = kind == 'u' ? 4 : 2;
    bool braces = false;
    if (kind == 'x' && digits < pattern_.size() && pattern_[digits] == '{') {
      const size_t close = pattern_.find('}', digits);
      if (close == std::string_view::npos) return refuse("a code point without an end");
      begin = digits + 1;
      count = close - begin;
      braces = true;
    }
    if (count < 1 || count > 8 || begin + count > pattern_.size())
      return refuse("a code point of an unknown form");
    uint64_t value = 0;
    for (const char c : pattern_.substr(begin, count)) {
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return refuse("a code point of an unknown form");
      value = value * 16 + static_cast<uint64_t>(digit);
    }
    // Two digits name a byte, which is a character only below 0x80.
    const bool byte = kind == 'x' && !braces;
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) || (byte && value >= 0x80))
      return refuse("a code point out of range");
    offset_ = begin + count + (braces ? 1 : 0);
    return Item{static_cast<char32_t>(value), {}};
  }

  // * + ? {n} {n,} {,m} {n,m}, then ? (lazy) or + (possessive).
  Status quantifier() {
    if (at_end()) return {};
    const char c = pattern_[offset_];
    if (c == '*' || c == '+' || c == '?') {
      out_ += c;
      ++offset_;
      if (next_is("?") || next_is("+")) out_ += pattern_[offset_++];
    } else if (c == '{') {
      GERBIL_TRY(const bool interval, this->interval());
      if (!interval) return {};
    } else {
      return {};
    }
    if (next_is("*") || next_is("+") || next_is("?")) return refuse("a repeat of a repeat");
    return {};
  }

  // False, and nothing taken, where the brace is a literal.
  Result<bool> interval() {
    const size_t close = pattern_.find('}', offset_);
    if (close == std::string_view::npos) return false;
    const std::string_view inside = pattern_.substr(offset_ + 1, close - offset_ - 1);
    const size_t comma = inside.find(',');
    std::string_view low = inside.substr(0, comma);
    const std::string_view high =
        comma == std::string_view::npos ? std::string_view{} : inside.substr(comma + 1);
    const auto digits = [](std::string_view text) {
      return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!digits(low) || !digits(high) || (low.empty() && high.empty())) return false;
    if (low.size() > 5 || high.size() > 5) return refuse("too large a repeat");
    if (low.empty()) low = "0";
    out_ += '{';
    out_ += low;
    if (comma != std::string_view::npos) {
      out_ += ',';
      out_ += high;
    }
    out_ += '}';
    offset_ = close + 1;
    // `{n}?` is an optional repeat in Oniguruma, not a lazy one.
    if (next_is("?") && comma != std::string_view::npos) out_ += pattern_[offset_++];
    return true;
  }

  std::string_view pattern_;
  const std::string word_ = std::string(kWordOf14) + since_14({"L", "M", "Nd", "Nl", "Pc"});  // \w
  size_t offset_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> to_pcre2(std::string_view pattern) { return Rewriter(pattern).run(); }

}  // namespace gerbil::text
