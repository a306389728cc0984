#include "text/unicode.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

#include "text/unicode_tables.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// utf8proc's own NFC of a whole string: quadratic on runs of marks, but right.
std::string oracle_nfc(const std::string& text) {
  uint8_t* out = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  EXPECT_GE(size, 0);
  std::string result(reinterpret_cast<const char*>(out), static_cast<size_t>(size));
  free(out);
  return result;
}

std::string utf8_of(const std::u32string& codepoints) {
  std::string out;
  for (const char32_t c : codepoints) append_utf8(out, c);
  return out;
}

TEST(Nfc, ComposesAndOrders) {
  EXPECT_EQ(to_nfc(utf8_of(U"e\u0301")), utf8_of(U"\u00e9"));
  EXPECT_EQ(to_nfc(utf8_of(U"\u212b\u2126")), utf8_of(U"\u00c5\u03a9"));
  EXPECT_EQ(to_nfc(utf8_of(U"a\u0301\u0316")), utf8_of(U"\u00e1\u0316"));
  EXPECT_EQ(to_nfc(utf8_of(U"\u1100\u1161\u11a8")), utf8_of(U"\uac01"));
  EXPECT_EQ(to_nfc(utf8_of(U"\uac00\u11a8")), utf8_of(U"\uac01"));
  EXPECT_EQ(to_nfc(utf8_of(U"\u304b\u3099")), utf8_of(U"\u304c"));
  EXPECT_EQ(to_nfc(utf8_of(U"\u0958\u0344")), utf8_of(U"\u0915\u093c\u0308\u0301"));
  EXPECT_EQ(to_nfc(""), "");
  EXPECT_EQ(to_nfc(utf8_of(U"\u0301")), utf8_of(U"\u0301"));
}

TEST(Nfc, IsThatOfUtf8procForEveryCodePointAloneAndAfterAStarter) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const bool too_new = std::ranges::any_of(kNormalizedSince9, [&](const CodepointRange& range) {
      return range.first <= c && c <= range.last;
    });
    if (too_new) {  // an ordinary character: nothing changes it or passes it
      const std::string text = utf8_of({'a', c, 0x0301});
      ASSERT_EQ(to_nfc(text), text) << static_cast<uint32_t>(c);
      continue;
    }
    const std::string text = utf8_of({'a', c, 0x0323, 'b', c});
    const std::string want = oracle_nfc(text);
    ASSERT_EQ(to_nfc(text), want) << static_cast<uint32_t>(c);
    const std::string one = utf8_of({c});
    if (is_plainly_nfc(one)) {
      ASSERT_EQ(oracle_nfc(one), one) << static_cast<uint32_t>(c);
      ASSERT_EQ(utf8proc_get_property(static_cast<int32_t>(c))->combining_class, 0);
    }
  }
}

// Cutting before a plain character is right only if nothing before it can combine with it.
TEST(Nfc, NothingCombinesWithAPlainCharacter) {
  const std::u32string before =
      U"aeiouAEO\u0915\u09c7\u0b47\u0bc6\u0dd9\u1025\u1100\uac00\u304b\u30ab\U00011099";
  for (char32_t c = 0; c <= 0x1FAFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string one = utf8_of({c});
    if (!is_plainly_nfc(one)) continue;
    for (const char32_t b : before) {
      const std::string pair = utf8_of({b, c});
      ASSERT_EQ(oracle_nfc(pair), oracle_nfc(utf8_of({b})) + one)
          << static_cast<uint32_t>(b) << " " << static_cast<uint32_t>(c);
    }
  }
}

TEST(Nfc, IsThatOfUtf8procForRandomSequences) {
  const std::u32string pool =
      U"aeoAE "
      U"\n\u00e9\u0300\u0301\u0308\u0323\u0327\u0345\u0316\u0344\u0374\u037e\u0387\u0400\u0419"
      U"\u0418\u0306"
      U"\u0915\u093c\u0958\u09c7\u09be\u0f71\u0f72\u0f73\u1100\u1161\u11a8\uac00\uac01\u1e9b\u212b"
      U"\u2126\u304b\u3099"
      U"\u30ab\u309a\u4e00\uf900\ufb1d\U0001d15e\U0001d165\U0002f800\U0001f600\U00011099\U000110ba";
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::u32string codepoints(random() % 12, 0);
    for (char32_t& c : codepoints) c = pool[random() % pool.size()];
    const std::string text = utf8_of(codepoints);
    const std::string want = oracle_nfc(text);
    ASSERT_EQ(to_nfc(text), want) << text;
    ASSERT_EQ(to_nfc(want), want) << text;
    ASSERT_TRUE(!is_plainly_nfc(text) || want == text) << text;
  }
}

TEST(Nfc, OrdersALongRunOfMarks) {
  std::u32string codepoints = U"q";
  std::u32string want = U"q";
  for (int i = 0; i < 50000; ++i) codepoints += U"\u0307\u0323";  // classes 230 and 220
  want.append(50000, 0x0323);
  want.append(50000, 0x0307);
  EXPECT_EQ(to_nfc(utf8_of(codepoints)), utf8_of(want));
}

TEST(CharacterClasses, WhiteSpaceIsTheUnicodeProperty) {
  int count = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) count += is_white_space(c);
  EXPECT_EQ(count, 25);
  EXPECT_TRUE(is_white_space(0x85));
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(0x180E));
  EXPECT_FALSE(is_white_space(0x200B));
  EXPECT_FALSE(is_white_space(0xFEFF));
}

TEST(CharacterClasses, WordCharacters) {
  for (const char32_t c :
       std::u32string_view(U"aZ0_\u00e9\u0301\u4e00\u0663\u203f\u2163\u24b6\u200d"))
    EXPECT_TRUE(is_word_character(c)) << static_cast<uint32_t>(c);
  for (const char32_t c : std::u32string_view(U" -<\u00bd\u00b2\u20ac\u3000\U0001f600"))
    EXPECT_FALSE(is_word_character(c)) << static_cast<uint32_t>(c);
}

}  // namespace
}  // namespace gerbil::text
