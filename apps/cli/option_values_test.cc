// Values of options: the whole text is the value or there is none.
#include "cli/option_values.h"

#include <gtest/gtest.h>

namespace gerbil::cli {
namespace {

TEST(OptionValuesTest, ReadsTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number<int64_t>("12"), 12);
  EXPECT_EQ(parse_number<double>("0.5"), 0.5);
  for (const char* text : {"", " 12", "12 ", "+1", "0x10", "nan", "inf", "1e999"}) {
    EXPECT_FALSE(parse_number<double>(text).has_value()) << text;
  }
}

TEST(OptionValuesTest, ReadsListsOfCounts) {
  EXPECT_EQ(parse_counts("512", 1, 1000), (std::vector<int64_t>{512}));
  EXPECT_EQ(parse_counts("0,2048,7", 0, 4096), (std::vector<int64_t>{0, 2048, 7}));
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "1 2", "1, 2", "-1", "0", "1001", "1.5",
                           "0x10", "9223372036854775808", "5,6,5"})
    EXPECT_FALSE(parse_counts(text, 1, 1000)) << text;
  EXPECT_TRUE(parse_counts("1,1001", 1, 1000).error().message.contains("\"1001\""));
  EXPECT_EQ(parse_counts("5,6,5", 1, 1000).error().message, "5 is there twice");
}

}  // namespace
}  // namespace gerbil::cli
