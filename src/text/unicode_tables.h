// Unicode's data, as tables: general categories, and what changed between the versions that the
// parts of Hugging Face's library have (tools/make_unicode_tables.mjs says which and why). Used by
// unicode.cc and regex_dialect.cc. Constants; any thread.
#pragma once

#include <cstdint>

namespace gerbil::text {

// In the order of tools/make_unicode_tables.mjs.
enum class Category : uint8_t {
  kCc,
  kCf,
  kCn,
  kCo,
  kCs,
  kLl,
  kLm,
  kLo,
  kLt,
  kLu,
  kMc,
  kMe,
  kMn,
  kNd,
  kNl,
  kNo,
  kPc,
  kPd,
  kPe,
  kPf,
  kPi,
  kPo,
  kPs,
  kSc,
  kSk,
  kSm,
  kSo,
  kZl,
  kZp,
  kZs,
};

struct CodepointRange {
  char32_t first;
  char32_t last;
};
struct CategoryRange {
  char32_t first;
  char32_t last;
  Category category;  // in Unicode 16
};
struct LowercasePair {
  char32_t from;
  char32_t to;
};

// Two stages of 256 code points, Unicode 16: kCategoryOfBlock holds 'A' + category.
extern const uint8_t kCategoryBlock[4352];
extern const char kCategoryOfBlock[];

extern const CategoryRange kCategoriesSince14[127];
extern const CodepointRange kNumbersSince16[2];
extern const CodepointRange kPunctuationChangedSince8[41];
// Encoded after Unicode 9, and a mark or with a decomposition.
extern const CodepointRange kNormalizedSince9[109];
extern const CodepointRange kMarksChangedSince9[88];
extern const LowercasePair kLowercaseSince14[55];

// Of a code point up to U+10FFFF.
inline Category category_of(char32_t c) {
  return static_cast<Category>(kCategoryOfBlock[kCategoryBlock[c >> 8] * 256 + (c & 0xFF)] - 'A');
}

}  // namespace gerbil::text
