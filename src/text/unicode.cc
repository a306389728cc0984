#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// Characters that are their own NFC, have combining class 0, and never combine with a character
// before them: a text may be cut before each of them. A few large blocks suffice, the rest takes
// the long way; unicode_test proves every member.
bool is_inert(char32_t c) {
  return c < 0x300 || (c >= 0x400 && c <= 0x482) || (c >= 0x2010 && c <= 0x2027) ||
         (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0x1F300 && c <= 0x1FAFF);
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
    const int32_t combining_class = utf8proc_get_property(codepoints[i])->combining_class;
    if (combining_class == 0) {
      sort_run(i);
    } else {
      run.push_back({combining_class, i, codepoints[i]});
    }
  }
  sort_run(codepoints.size());
}

// NFC of one stretch: decompose, order, compose. utf8proc's own whole-string call sorts by
// insertion, which a run of a hundred thousand marks would make quadratic.
void append_nfc(std::string_view stretch, std::vector<int32_t>& scratch, std::string& out) {
  scratch.clear();
  for (size_t offset = 0; offset < stretch.size();) {
    const Utf8Step step = utf8_step(stretch, offset);
    GERBIL_ASSERT(step.kind == Utf8Kind::kCharacter);
    offset += step.size;
    int32_t decomposed[16];  // no canonical decomposition is longer than 4
    int boundary = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<int32_t>(step.codepoint), decomposed, 16,
        static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE), &boundary);
    if (count < 1 || count > 16) {
      scratch.push_back(static_cast<int32_t>(step.codepoint));
    } else {
      scratch.insert(scratch.end(), decomposed, decomposed + count);
    }
  }
  order_marks(scratch);
  const utf8proc_ssize_t count =
      utf8proc_normalize_utf32(scratch.data(), static_cast<utf8proc_ssize_t>(scratch.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  GERBIL_ASSERT(count >= 0 && static_cast<size_t>(count) <= scratch.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(out, static_cast<char32_t>(scratch[i]));
}

}  // namespace

bool is_plainly_nfc(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
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
    append_nfc(text.substr(begin, end - begin), scratch, out);
    begin = done = offset = end;
  }
  out += text.substr(done);
  return out;
}

bool is_white_space(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_word_character(char32_t c) {
  switch (utf8proc_category(static_cast<int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      // Join controls, and the symbols that are Other_Alphabetic: circled and squared letters.
      return c == 0x200C || c == 0x200D || (c >= 0x24B6 && c <= 0x24E9) ||
             (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
             (c >= 0x1F170 && c <= 0x1F189);
  }
}

}  // namespace gerbil::text
