#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

#include "base/check.h"
#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

template <size_t N>
bool is_in(const CodepointRange (&ranges)[N], char32_t c) {
  const auto* range = std::partition_point(std::begin(ranges), std::end(ranges),
                                           [&](const CodepointRange& r) { return r.last < c; });
  return range != std::end(ranges) && range->first <= c;
}

// Whether normal forms leave it alone because their tables are older than the character.
bool is_too_new(char32_t c) {
  return c >= kNormalizedSince9[0].first && is_in(kNormalizedSince9, c);
}

int32_t combining_class(int32_t c) {
  return is_too_new(static_cast<char32_t>(c)) ? 0 : utf8proc_get_property(c)->combining_class;
}

// Characters that are their own NFC, have combining class 0, and never combine with a character
// before them: a text may be cut before each of them; unicode_test proves every member.
bool is_inert(char32_t c) {
  if (c < 0x300 || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3)) return true;
  if (c >= 0x1161 && c <= 0x11FF) return false;  // Hangul vowels and tails, composed by rule
  constexpr uint16_t kNone = UINT16_MAX;
  constexpr uint16_t kSecond = 0x8000;
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<int32_t>(c));
  const bool second = property->comb_index != kNone && property->comb_index >= kSecond;
  const bool decomposes = property->decomp_seqindex != kNone && property->decomp_type == 0;
  return (property->combining_class == 0 && !second && !decomposes) || is_too_new(c);
}

struct Mark {
  int32_t combining_class;
  size_t position;
  int32_t codepoint;
};

// Puts each run of marks into canonical order: by combining class, equal ones as they came.
void order_marks(std::vector<int32_t>& codepoints) {
  std::vector<Mark> run;
  const auto sort_run = [&](size_t end) {
    if (run.size() > 1) {
      std::ranges::sort(run, [](const Mark& a, const Mark& b) {
        return a.combining_class != b.combining_class ? a.combining_class < b.combining_class
                                                      : a.position < b.position;
      });
      for (size_t i = 0; i < run.size(); ++i) codepoints[end - run.size() + i] = run[i].codepoint;
    }
    run.clear();
  };
  for (size_t i = 0; i < codepoints.size(); ++i) {
    const int32_t combining_class = text::combining_class(codepoints[i]);
    if (combining_class == 0) {
      sort_run(i);
    } else {
      run.push_back({combining_class, i, codepoints[i]});
    }
  }
  sort_run(codepoints.size());
}

// One stretch, in which no character but the first is too new: decompose, order, compose.
// utf8proc's own whole-string call sorts by insertion, which a run of a hundred thousand marks
// would make quadratic.
void append_normalized(std::string_view stretch, bool compatible, bool compose,
                       std::vector<int32_t>& scratch, std::string& out) {
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE |
                                                      (compatible ? UTF8PROC_COMPAT : 0));
  scratch.clear();
  for (size_t offset = 0; offset < stretch.size();) {
    const Utf8Step step = utf8_step(stretch, offset);
    GERBIL_ASSERT(step.kind == Utf8Kind::kCharacter);
    offset += step.size;
    int32_t decomposed[24];  // no decomposition is longer than 18
    int boundary = 0;
    const utf8proc_ssize_t count =
        is_too_new(step.codepoint)
            ? 0
            : utf8proc_decompose_char(static_cast<int32_t>(step.codepoint), decomposed,
                                      std::size(decomposed), options, &boundary);
    if (count < 1 || count > static_cast<utf8proc_ssize_t>(std::size(decomposed))) {
      scratch.push_back(static_cast<int32_t>(step.codepoint));
    } else {
      scratch.insert(scratch.end(), decomposed, decomposed + count);
    }
  }
  order_marks(scratch);
  auto count = static_cast<utf8proc_ssize_t>(scratch.size());
  if (compose) {
    count = utf8proc_normalize_utf32(
        scratch.data(), count, static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    GERBIL_ASSERT(count >= 0 && static_cast<size_t>(count) <= scratch.size());
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(out, static_cast<char32_t>(scratch[i]));
}

// Eight ASCII bytes at `offset`.
bool is_ascii8(std::string_view text, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, text.data() + offset, 8);
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

bool is_plainly_nfc(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    if (offset + 8 <= text.size() && is_ascii8(text, offset)) {
      offset += 8;
      continue;
    }
    if (static_cast<uint8_t>(text[offset]) < 0xCC) {  // below U+0300
      ++offset;
      continue;
    }
    const Utf8Step step = utf8_step(text, offset);
    if (step.kind != Utf8Kind::kCharacter || !is_inert(step.codepoint)) return false;
    offset += step.size;
  }
  return true;
}

std::string to_nfc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::vector<int32_t> scratch;
  size_t begin = 0;  // the start of the last inert character: what follows may combine with it
  size_t done = 0;   // text before it is in `out`
  for (size_t offset = 0; offset < text.size();) {
    const Utf8Step step = utf8_step(text, offset);
    GERBIL_ASSERT(step.kind == Utf8Kind::kCharacter);
    if (is_inert(step.codepoint)) {
      begin = offset;
      offset += step.size;
      continue;
    }
    out += text.substr(done, begin - done);
    size_t end = offset + step.size;
    while (end < text.size()) {
      const Utf8Step next = utf8_step(text, end);
      if (is_inert(next.codepoint)) break;
      end += next.size;
    }
    append_normalized(text.substr(begin, end - begin), false, true, scratch, out);
    begin = done = offset = end;
  }
  out += text.substr(done);
  return out;
}

std::string to_normal_form(NormalForm form, std::string_view text) {
  if (form == NormalForm::kNfc) return is_plainly_nfc(text) ? std::string(text) : to_nfc(text);
  const bool compatible = form != NormalForm::kNfd;
  const bool compose = form == NormalForm::kNfkc;
  std::string out;
  out.reserve(text.size());
  std::vector<int32_t> scratch;
  // A character that is too new neither changes nor lets others pass: a stretch begins with each.
  size_t begin = 0;
  for (size_t offset = 0; offset < text.size();) {
    const Utf8Step step = utf8_step(text, offset);
    if (offset > begin && is_too_new(step.codepoint)) {
      append_normalized(text.substr(begin, offset - begin), compatible, compose, scratch, out);
      begin = offset;
    }
    offset += step.size;
  }
  append_normalized(text.substr(begin), compatible, compose, scratch, out);
  return out;
}

void append_lowercase(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return;
  }
  if (c == 0x130) {  // the one that becomes two: i and a dot above
    out += "i\xCC\x87";
    return;
  }
  const auto* pair = std::ranges::lower_bound(kLowercaseSince14, c, {},
                                              [](const LowercasePair& p) { return p.from; });
  if (pair != std::end(kLowercaseSince14) && pair->from == c) return append_utf8(out, pair->to);
  append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<int32_t>(c))));
}

bool is_white_space(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_word_character(char32_t c) {
  switch (category_of(c)) {
    case Category::kLu:
    case Category::kLl:
    case Category::kLt:
    case Category::kLm:
    case Category::kLo:
    case Category::kMn:
    case Category::kMc:
    case Category::kMe:
    case Category::kNd:
    case Category::kNl:
    case Category::kPc:
      return true;
    default:
      // Join controls, and the symbols that are Other_Alphabetic: circled and squared letters.
      return c == 0x200C || c == 0x200D || (c >= 0x24B6 && c <= 0x24E9) ||
             (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
             (c >= 0x1F170 && c <= 0x1F189);
  }
}

bool is_mark(char32_t c) {
  const Category category = category_of(c);
  const bool now = category >= Category::kMc && category <= Category::kMn;
  return now != is_in(kMarksChangedSince9, c);
}

bool is_number(char32_t c) {
  const Category category = category_of(c);
  return (category >= Category::kNd && category <= Category::kNo) || is_in(kNumbersSince16, c);
}

bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  const Category category = category_of(c);
  const bool now = category >= Category::kPc && category <= Category::kPs;
  return now != is_in(kPunctuationChangedSince8, c);
}

}  // namespace gerbil::text
