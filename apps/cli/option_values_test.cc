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

}  // namespace
}  // namespace gerbil::cli
