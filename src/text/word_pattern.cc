#include "text/word_pattern.h"

#include <algorithm>
#include <array>

#include "text/unicode_tables.h"

namespace gerbil::text {
namespace {

struct Row {
  WordPattern pattern;
  std::string_view regex;
};
constexpr std::array<Row, 5> kRows = {{
    {WordPattern::kGpt2,
     R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {WordPattern::kLlama3, R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
                           R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {WordPattern::kQwen2, R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
                          R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {WordPattern::kQwen35, R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
                           R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {WordPattern::kO200k,
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
}};

// What a character is, as bits.
using Kind = uint8_t;
constexpr Kind kLetter = 1;
constexpr Kind kMark = 2;
constexpr Kind kNumber = 4;
constexpr Kind kSpace = 8;
constexpr Kind kNewline = 16;  // \r and \n, which are kSpace too
constexpr Kind kUpper = 32;    // Lu Lt Lm Lo M
constexpr Kind kLower = 64;    // Ll Lm Lo M

constexpr Kind kind_of(Category category) {
  switch (category) {
    case Category::kLu:
    case Category::kLt:
      return kLetter | kUpper;
    case Category::kLl:
      return kLetter | kLower;
    case Category::kLm:
    case Category::kLo:
      return kLetter | kUpper | kLower;
    case Category::kMc:
    case Category::kMe:
    case Category::kMn:
      return kMark | kUpper | kLower;
    case Category::kNd:
    case Category::kNl:
    case Category::kNo:
      return kNumber;
    case Category::kZl:
    case Category::kZp:
    case Category::kZs:
      return kSpace;
    default:
      return 0;
  }
}

constexpr std::array<Kind, 32> kKindOfCategory = [] {
  std::array<Kind, 32> kinds{};
  for (uint8_t i = 0; i <= static_cast<uint8_t>(Category::kZs); ++i)
    kinds[i] = kind_of(static_cast<Category>(i));
  return kinds;
}();

constexpr std::array<Kind, 128> kAsciiKind = [] {
  std::array<Kind, 128> kinds{};
  for (int c = 0; c < 128; ++c) {
    if (c >= 'A' && c <= 'Z') kinds[c] = kLetter | kUpper;
    if (c >= 'a' && c <= 'z') kinds[c] = kLetter | kLower;
    if (c >= '0' && c <= '9') kinds[c] = kNumber;
    if ((c >= 9 && c <= 13) || c == ' ') kinds[c] = kSpace;
    if (c == '\r' || c == '\n') kinds[c] = kSpace | kNewline;
  }
  return kinds;
}();

// Reads a text from left to right; every function takes and gives byte offsets.
class Reader {
 public:
  Reader(std::string_view text, uint32_t end) : data_(text.data()), end_(end) {}

  uint32_t end() const { return end_; }

  struct Character {
    Kind kind = 0;
    uint32_t next = 0;
  };
  Character at(uint32_t i) const {
    const uint32_t lead = byte(i);
    if (lead < 0x80) return {kAsciiKind[lead], i + 1};
    char32_t c = 0;
    uint32_t size = 2;
    if (lead < 0xE0) {
      c = (lead & 0x1F) << 6 | (byte(i + 1) & 0x3F);
      if (c == 0x85) return {kSpace, i + 2};
    } else if (lead < 0xF0) {
      c = (lead & 0x0F) << 12 | (byte(i + 1) & 0x3F) << 6 | (byte(i + 2) & 0x3F);
      size = 3;
    } else {
      c = (lead & 0x07) << 18 | (byte(i + 1) & 0x3F) << 12 | (byte(i + 2) & 0x3F) << 6 |
          (byte(i + 3) & 0x3F);
      size = 4;
    }
    return {kKindOfCategory[static_cast<uint8_t>(category_of(c))], i + size};
  }

  char byte_at(uint32_t i) const { return i < end_ ? data_[i] : '\0'; }

  // The end of the run of characters of any of these kinds that begins at i.
  uint32_t run(uint32_t i, Kind kinds) const {
    while (i < end_) {
      const Character c = at(i);
      if (!(c.kind & kinds)) break;
      i = c.next;
    }
    return i;
  }
  // ... of none of these kinds.
  uint32_t run_of_others(uint32_t i, Kind kinds) const {
    while (i < end_) {
      const Character c = at(i);
      if (c.kind & kinds) break;
      i = c.next;
    }
    return i;
  }

  // 's 't 're 've 'm 'll 'd at an apostrophe at i: their end, or i. Of any case if `fold`, where
  // the long s is an s.
  uint32_t contraction(uint32_t i, bool fold) const {
    const auto letter = [&](uint32_t k) {
      const char c = byte_at(k);
      return fold && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    switch (letter(i + 1)) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return i + 2;
      case 'r':
      case 'v':
        return letter(i + 2) == 'e' ? i + 3 : i;
      case 'l':
        return letter(i + 2) == 'l' ? i + 3 : i;
      case '\xC5':
        return fold && byte_at(i + 2) == '\xBF' ? i + 3 : i;
      default:
        return i;
    }
  }

  // \s*[\r\n]+|\s+(?!\S)|\s+ (the first only with `newlines`) at a white space at i.
  uint32_t white_space(uint32_t i, bool newlines) const {
    uint32_t last = i;     // where the last character of the run begins
    uint32_t newline = i;  // behind the last line end
    uint32_t k = i;
    while (k < end_) {
      const Character c = at(k);
      if (!(c.kind & kSpace)) break;
      last = k;
      k = c.next;
      if (c.kind & kNewline) newline = k;
    }
    if (newlines && newline > i) return newline;
    return k < end_ && last > i ? last : k;
  }

  uint32_t run_of_bytes(uint32_t i, std::string_view bytes) const {
    while (i < end_ && bytes.find(data_[i]) != std::string_view::npos) ++i;
    return i;
  }

 private:
  uint32_t byte(uint32_t i) const { return static_cast<uint8_t>(data_[i]); }

  const char* data_;
  uint32_t end_;
};

uint32_t gpt2_word(const Reader& text, uint32_t i) {
  if (text.byte_at(i) == '\'')
    if (const uint32_t end = text.contraction(i, false); end > i) return end;
  const auto first = text.at(i);
  auto c = first;
  uint32_t start = i;
  if (text.byte_at(i) == ' ' && first.next < text.end()) {
    c = text.at(first.next);
    start = first.next;
    if (c.kind & kSpace) return text.white_space(i, false);
  }
  if (c.kind & kSpace) return text.white_space(i, false);
  if (c.kind & kLetter) return text.run(start, kLetter);
  if (c.kind & kNumber) return text.run(start, kNumber);
  return text.run_of_others(start, kSpace | kLetter | kNumber);
}

// The patterns after cl100k. kLetters: what words are made of; kDigits: how many make a number.
template <Kind kLetters, int kDigits>
uint32_t cl100k_word(const Reader& text, uint32_t i) {
  const auto first = text.at(i);
  if (first.kind & kLetters) return text.run(first.next, kLetters);
  if (text.byte_at(i) == '\'')
    if (const uint32_t end = text.contraction(i, true); end > i) return end;
  if (first.kind & kNumber) {
    uint32_t end = first.next;
    for (int digits = 1; digits < kDigits && end < text.end(); ++digits) {
      const auto c = text.at(end);
      if (!(c.kind & kNumber)) break;
      end = c.next;
    }
    return end;
  }
  if (first.next < text.end() && !(first.kind & kNewline)) {
    const auto second = text.at(first.next);
    if (second.kind & kLetters) return text.run(second.next, kLetters);
    if (text.byte_at(i) == ' ' && !(second.kind & (kSpace | kNumber)))
      return text.run_of_bytes(text.run_of_others(second.next, kSpace | kNumber | kLetters),
                               "\r\n");
  }
  if (first.kind & kSpace) return text.white_space(i, true);
  return text.run_of_bytes(text.run_of_others(first.next, kSpace | kNumber | kLetters), "\r\n");
}

// [Upper]*[Lower]+ (`lower`) or [Upper]+[Lower]*, then perhaps a contraction; i where it fails.
uint32_t o200k_cased(const Reader& text, uint32_t i, bool lower) {
  uint32_t end = i;
  uint32_t both_end = i;  // behind the last character that is upper and lower
  while (end < text.end()) {
    const auto c = text.at(end);
    if (!(c.kind & kUpper)) break;
    end = c.next;
    if (c.kind & kLower) both_end = end;
  }
  const uint32_t lower_end = text.run(end, kLower);
  if (lower_end == end && lower) {
    end = both_end;  // [Upper]* gives back until [Lower]+ has one
  } else if (lower || end > i) {
    end = lower_end;
  }
  return end > i && text.byte_at(end) == '\'' ? text.contraction(end, true) : end;
}

uint32_t o200k_word(const Reader& text, uint32_t i) {
  const auto first = text.at(i);
  // A character that is no letter or number may stand before the word, a mark among them.
  const bool before = !(first.kind & (kLetter | kNumber | kNewline)) && first.next < text.end();
  for (const bool lower : {true, false}) {
    if (before)
      if (const uint32_t end = o200k_cased(text, first.next, lower); end > first.next) return end;
    if (const uint32_t end = o200k_cased(text, i, lower); end > i) return end;
  }
  if (first.kind & kNumber) {
    uint32_t end = first.next;
    for (int digits = 1; digits < 3 && end < text.end(); ++digits) {
      const auto c = text.at(end);
      if (!(c.kind & kNumber)) break;
      end = c.next;
    }
    return end;
  }
  constexpr Kind kNotOther = kSpace | kLetter | kNumber;
  uint32_t start = i;
  if (text.byte_at(i) == ' ' && first.next < text.end() && !(text.at(first.next).kind & kNotOther))
    start = first.next;
  if (const uint32_t end = text.run_of_others(start, kNotOther); end > start)
    return text.run_of_bytes(end, "\r\n/");
  return text.white_space(i, true);
}

template <uint32_t (*kWord)(const Reader&, uint32_t)>
void append(const Reader& text, uint32_t begin, std::vector<Word>& words) {
  while (begin < text.end()) {
    const uint32_t end = kWord(text, begin);
    words.push_back({begin, end});
    begin = end;
  }
}

}  // namespace

std::optional<WordPattern> known_word_pattern(std::string_view regex) {
  const auto row = std::ranges::find(kRows, regex, &Row::regex);
  return row == kRows.end() ? std::nullopt : std::optional(row->pattern);
}

std::string_view regex_of(WordPattern pattern) {
  return std::ranges::find(kRows, pattern, &Row::pattern)->regex;
}

void append_words(WordPattern pattern, std::string_view text, Word range,
                  std::vector<Word>& words) {
  const Reader reader(text, range.end);
  switch (pattern) {
    case WordPattern::kGpt2:
      return append<gpt2_word>(reader, range.begin, words);
    case WordPattern::kLlama3:
      return append<cl100k_word<kLetter, 3>>(reader, range.begin, words);
    case WordPattern::kQwen2:
      return append<cl100k_word<kLetter, 1>>(reader, range.begin, words);
    case WordPattern::kQwen35:
      return append<cl100k_word<kLetter | kMark, 1>>(reader, range.begin, words);
    case WordPattern::kO200k:
      return append<o200k_word>(reader, range.begin, words);
  }
}

}  // namespace gerbil::text
