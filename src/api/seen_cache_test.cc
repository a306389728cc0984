#include "api/seen_cache.h"

#include <gtest/gtest.h>

namespace gerbil::api {
namespace {

EncodedMedia media_of(size_t numbers) {
  return {.grid = {1, 2, 2}, .rows = std::make_shared<std::vector<float>>(numbers)};
}

TEST(SeenCacheTest, FindsWhatItKeeps) {
  SeenCache cache;
  EXPECT_EQ(cache.find("a"), nullptr);
  const EncodedMedia media = media_of(8);
  cache.keep("a", media);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("a")->rows, media.rows);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(cache.bytes(), 32u);
}

TEST(SeenCacheTest, TheOneUsedLongestAgoGoesFirst) {
  SeenCache cache(96);
  cache.keep("a", media_of(8));
  cache.keep("b", media_of(8));
  cache.keep("c", media_of(8));
  EXPECT_NE(cache.find("a"), nullptr);
  cache.keep("d", media_of(8));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  cache.keep("e", media_of(16));
  EXPECT_NE(cache.find("e"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.bytes(), 96u);
}

TEST(SeenCacheTest, WhatIsTooLargeAloneLeavesTheOthers) {
  SeenCache cache(64);
  cache.keep("a", media_of(8));
  cache.keep("b", media_of(17));
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  cache.keep("a", media_of(8));  // known
  EXPECT_EQ(cache.bytes(), 32u);
}

}  // namespace
}  // namespace gerbil::api
