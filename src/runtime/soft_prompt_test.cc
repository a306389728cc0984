#include "runtime/soft_prompt.h"

#include <gtest/gtest.h>

namespace gerbil::runtime {
namespace {

constexpr auto kT = TokenType::kText;
constexpr auto kP = TokenType::kPicture;
constexpr auto kV = TokenType::kVideo;

std::string message_of(const std::vector<TokenType>& types, const std::vector<Grid>& pictures,
                       const std::vector<Grid>& videos) {
  const auto prompt = lay_out(types, pictures, videos, 2);
  return prompt ? "" : prompt.error().message;
}

TEST(SoftPrompt, PicturesTakeTheRoomOfTheirLongerSide) {
  const std::vector<TokenType> types = {kT, kP, kP, kP, kP, kP, kP, kT, kT};
  const auto prompt = lay_out(types, std::vector<Grid>{{1, 4, 6}}, {}, 2);
  ASSERT_TRUE(prompt);
  const std::vector<int32_t> expected = {0, 0, 0, 1, 1, 1, 1, 1, 2, 1, 1, 3, 1, 2,
                                         1, 1, 2, 2, 1, 2, 3, 4, 4, 4, 5, 5, 5};
  EXPECT_EQ(prompt->positions, expected);
  EXPECT_EQ(prompt->delta, -3);
  ASSERT_EQ(prompt->spans.size(), 1U);
  EXPECT_EQ(prompt->spans[0].first, 1);
  EXPECT_EQ(prompt->spans[0].count, 6);
}

TEST(SoftPrompt, EachTemporalPatchOfAVideoStandsForItself) {
  const std::vector<TokenType> types = {kV, kT, kV, kT, kP};
  const auto prompt = lay_out(types, std::vector<Grid>{{1, 2, 2}}, std::vector<Grid>{{2, 2, 2}}, 2);
  ASSERT_TRUE(prompt);
  ASSERT_EQ(prompt->spans.size(), 3U);
  EXPECT_TRUE(prompt->spans[1].video);
  EXPECT_EQ(prompt->spans[1].first_row, 1);
  EXPECT_EQ(prompt->spans[2].first_row, 0);
  EXPECT_EQ(prompt->delta, 0);
}

TEST(SoftPrompt, PicturesMayStandSideBySide) {
  const auto prompt =
      lay_out(std::vector<TokenType>{kP, kP, kT}, std::vector<Grid>{{1, 2, 2}, {1, 2, 2}}, {}, 2);
  ASSERT_TRUE(prompt);
  EXPECT_EQ(prompt->positions, (std::vector<int32_t>{0, 0, 0, 1, 1, 1, 2, 2, 2}));
}

TEST(SoftPrompt, PlacesAndPicturesMustAgree) {
  EXPECT_EQ(message_of({kP, kT}, {}, {}),
            "the prompt has more places for pictures than there are pictures (0)");
  EXPECT_EQ(message_of({kT}, {{1, 2, 2}}, {}),
            "the prompt has places for 0 pictures, but there are 1");
  EXPECT_EQ(message_of({kV, kT}, {}, {{2, 2, 2}}),
            "the prompt has places for 0 videos, but there are 1");
  EXPECT_EQ(message_of({kP, kP, kT}, {{1, 4, 4}}, {}),
            "picture 1: expected 4 places in the prompt, found 2");
}

TEST(SoftPrompt, OtherContentIsAnotherPrompt) {
  SoftPrompt prompt{.spans = {{.first = 1, .count = 2, .content = 7}}};
  std::vector<int32_t> one = {5, 9, 9, 6}, two = one;
  mark_content(prompt, one);
  prompt.spans[0].content = 8;
  mark_content(prompt, two);
  EXPECT_EQ(one[0], 5);
  EXPECT_EQ(one[3], 6);
  EXPECT_LT(one[1], 0);
  EXPECT_NE(one[1], two[1]);
  EXPECT_NE(one[1], one[2]);
}

TEST(SoftPrompt, AStepMayBeginInsideOfAPicture) {
  const auto rows = std::make_shared<const std::vector<float>>(std::vector<float>{0, 1, 2, 3});
  SoftPrompt prompt{.dim = 1, .spans = {{.first = 1, .count = 4, .rows = rows}}, .delta = -2};
  prompt.positions.assign(18, 7);
  StepRows step;
  step.clear(3);
  step.add(&prompt, std::vector<int32_t>{9, 9, 4, 5}, 3);
  EXPECT_EQ(step.token, (std::vector<int32_t>{graph::kSoft, graph::kSoft, 4, 5}));
  ASSERT_EQ(step.soft.size(), 2U);
  EXPECT_EQ(*step.soft[0].values, 2);
  EXPECT_EQ(*step.soft[1].values, 3);
  EXPECT_EQ(step.position[8], 7);  // place 5, the prompt's last
  EXPECT_EQ(step.position[9], 4);  // place 6, behind it
}

}  // namespace
}  // namespace gerbil::runtime
