#include "text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace gerbil::text {
namespace {

TEST(Utf8, EveryCodePointSurvivesTheWayThereAndBack) {
  std::string all;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string one;
    append_utf8(one, c);
    const Utf8Step step = utf8_step(one, 0);
    ASSERT_EQ(step.kind, Utf8Kind::kCharacter) << static_cast<uint32_t>(c);
    ASSERT_EQ(step.codepoint, c);
    ASSERT_EQ(step.size, one.size());
    all += one;
  }
  EXPECT_EQ(utf8_valid_prefix(all), all.size());
  EXPECT_EQ(repair_utf8(all), all);
}

TEST(Utf8, ErrorsNameTheOffsetOfTheFirstBadByte) {
  EXPECT_TRUE(check_utf8("", "the prompt"));
  EXPECT_TRUE(check_utf8("na\xC3\xAFve", "the prompt"));
  EXPECT_EQ(check_utf8("0123456789\xFFz", "the prompt").error().message,
            "the prompt is not valid UTF-8 at byte 10 (0xff)");
  EXPECT_EQ(check_utf8("ab\xE2\x82", "the prompt").error().message,
            "the prompt is not valid UTF-8 at byte 2 (0xe2)");
}

TEST(Utf8, EverySingleByteBeyondAsciiIsOneReplacement) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(repair_utf8(one), byte < 0x80 ? one : std::string(kReplacement)) << byte;
    EXPECT_EQ(check_utf8(one, "x").has_value(), byte < 0x80) << byte;
  }
}

// The examples of Unicode 15, tables 3-8 to 3-11.
TEST(Utf8, RepairReplacesMaximalSubparts) {
  const std::string r(kReplacement);
  EXPECT_EQ(repair_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(repair_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
}

TEST(Utf8, RepairInPiecesEqualsRepairOfTheWhole) {
  const std::string text =
      "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\xE2\x82q\xF0\x9F\x98\xC3\x28\xF4\x90";
  for (size_t size = 1; size <= text.size(); ++size) {
    Utf8Repair repair;
    std::string out;
    for (size_t i = 0; i < text.size(); i += size) {
      repair.push(std::string_view(text).substr(i, size), out);
      EXPECT_EQ(utf8_valid_prefix(out), out.size());  // never a torn character
    }
    repair.flush(out);
    EXPECT_EQ(out, repair_utf8(text)) << size;
  }
}

}  // namespace
}  // namespace gerbil::text
