#include "text/detokenizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "text/tokenizer_test_data.h"

namespace gerbil::text {
namespace {

TEST(Detokenizer, NeverSplitsACharacter) {
  const Tokenizer& tokenizer = nano_tokenizer();
  const std::string text = "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD!";
  const auto ids = *tokenizer.encode(text);
  Detokenizer detokenizer(tokenizer, true);
  std::string out;
  bool waited = false;
  for (const int32_t id : ids) {
    const std::string piece = detokenizer.push(id);
    waited |= piece.empty();
    EXPECT_EQ(utf8_valid_prefix(piece), piece.size());
    EXPECT_EQ(piece.find(kReplacement), std::string::npos);
    out += piece;
  }
  EXPECT_TRUE(waited);  // some characters take several tokens
  EXPECT_EQ(out, text);
  EXPECT_EQ(detokenizer.flush(), "");
}

TEST(Detokenizer, ATornTailBecomesAReplacementAtTheEnd) {
  const Tokenizer& tokenizer = nano_tokenizer();
  auto ids = *tokenizer.encode("x\xF0\x9F\x98\x80");
  ids.pop_back();
  Detokenizer detokenizer(tokenizer, true);
  std::string out;
  for (const int32_t id : ids) out += detokenizer.push(id);
  EXPECT_EQ(out, "x");
  EXPECT_EQ(detokenizer.flush(), kReplacement);
  EXPECT_EQ(detokenizer.flush(), "");
  EXPECT_EQ(tokenizer.decode(ids, true), "x" + std::string(kReplacement));
}

TEST(Detokenizer, EqualsDecodeForRandomIds) {
  const Tokenizer& tokenizer = nano_tokenizer();
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int32_t> ids(random() % 20);
    // Bytes, words, added tokens, padding rows and ids that no model has.
    for (int32_t& id : ids)
      id = static_cast<int32_t>(random() % (random() % 2 ? 256 : 2100)) - (random() % 50 == 0);
    for (const bool skip_special : {false, true}) {
      Detokenizer detokenizer(tokenizer, skip_special);
      std::string out;
      for (const int32_t id : ids) {
        out += detokenizer.push(id);
        ASSERT_EQ(utf8_valid_prefix(out), out.size());
      }
      out += detokenizer.flush();
      ASSERT_EQ(out, tokenizer.decode(ids, skip_special));
    }
  }
}

}  // namespace
}  // namespace gerbil::text
