#include "api/weight_class.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/family.h"

namespace gerbil::api {
namespace {

TEST(WeightClassTest, EveryRoleOfEveryFamilyHasOne) {
  for (const model::Family& family : model::families())
    for (const model::NameRow& row : family.names.rows) {
      const std::string_view found = weight_class(row.role);
      EXPECT_NE(found, "other") << family.architecture << ": " << row.role;
      EXPECT_EQ(std::ranges::count(weight_classes(), found), 1) << found;
    }
}

TEST(WeightClassTest, GoesByTheWordsOfARole) {
  EXPECT_EQ(weight_class("embed"), "embedding");
  EXPECT_EQ(weight_class("layers.11.attention.qkv"), "attention");
  EXPECT_EQ(weight_class("layers.11.attention.qkv.bias"), "attention");
  EXPECT_EQ(weight_class("layers.0.attention.q_norm"), "norms");
  EXPECT_EQ(weight_class("layers.0.delta.a_log"), "recurrent");
  EXPECT_EQ(weight_class("layers.0.mlp.down"), "mlp");
  EXPECT_EQ(weight_class("layers.0.mlp.experts.down"), "experts");
  EXPECT_EQ(weight_class("layers.0.mlp.shared_expert.down"), "mlp");
  EXPECT_EQ(weight_class("lm_head"), "output");
  EXPECT_EQ(weight_class("layers.0.mystery"), "other");
  EXPECT_EQ(weight_class(""), "other");
}

}  // namespace
}  // namespace gerbil::api
