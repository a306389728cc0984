#include "text/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "text/bpe_alphabet.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

struct Model {
  Vocabulary vocabulary;
  std::vector<std::pair<int32_t, int32_t>> pairs;  // by rank
  Bpe bpe;
};

// The bytes of `letters`, then merges of the tokens so far, chosen by `choose(count)`.
template <class Choose>
Model make_model(std::string_view letters, size_t merge_count, Choose choose) {
  Model model;
  MergeTable merges;
  std::vector<std::string> contents;
  for (const char letter : letters) {
    contents.emplace_back(1, letter);
    EXPECT_TRUE(
        model.vocabulary.add(static_cast<int64_t>(contents.size()) - 1, contents.back(), true));
  }
  while (model.pairs.size() < merge_count) {
    const auto left = static_cast<int32_t>(choose(contents.size()));
    const auto right = static_cast<int32_t>(choose(contents.size()));
    std::string joined = contents[left] + contents[right];
    if (std::ranges::find(model.pairs, std::pair(left, right)) != model.pairs.end()) continue;
    int32_t id = model.vocabulary.find(joined);
    if (id < 0) {
      id = static_cast<int32_t>(contents.size());
      contents.push_back(joined);
      EXPECT_TRUE(model.vocabulary.add(id, joined, true));
    }
    EXPECT_TRUE(merges.insert(left, right, static_cast<uint32_t>(model.pairs.size()), id));
    model.pairs.emplace_back(left, right);
  }
  model.bpe = Bpe(model.vocabulary, std::move(merges), {});
  return model;
}

// The definition: apply the leftmost of the lowest-ranked pairs until none is left.
std::vector<int32_t> by_definition(const Model& model, std::string_view word) {
  std::vector<int32_t> ids;
  for (const char c : word) ids.push_back(model.vocabulary.find({&c, 1}));
  while (true) {
    size_t best_rank = model.pairs.size();
    size_t best = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = std::ranges::find(model.pairs, std::pair(ids[i], ids[i + 1]));
      const auto rank = static_cast<size_t>(found - model.pairs.begin());
      if (rank < best_rank) {
        best_rank = rank;
        best = i;
      }
    }
    if (best_rank == model.pairs.size()) return ids;
    const std::string joined = std::string(model.vocabulary.content(ids[best])) +
                               std::string(model.vocabulary.content(ids[best + 1]));
    ids[best] = model.vocabulary.find(joined);
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

TEST(Bpe, IsItsDefinitionForShortAndLongWordsOfRandomModels) {
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    const Model model =
        make_model("abc", 30, [&](size_t count) { return random() % std::min<size_t>(count, 20); });
    BpeScratch scratch;
    for (int i = 0; i < 60; ++i) {
      std::string word(1 + random() % 140, ' ');
      for (char& c : word) c = "abc"[random() % 3];
      std::vector<int32_t> ids;
      model.bpe.encode(model.vocabulary, word, scratch, ids);
      ASSERT_EQ(ids, by_definition(model, word)) << word;
    }
  }
}

// A word of 100 kB: the work is counted, not timed. Each position gives at most one candidate at
// first and two more for each of at most n merges.
TEST(Bpe, ALongWordCostsStepsInProportionToItsLength) {
  for (const std::string_view letters : {"a", "ab"}) {
    std::mt19937 random(5);
    const Model model = make_model(letters, 12, [&](size_t count) {
      return letters.size() == 1 ? count - 1 : random() % count;  // "a": doubles each time
    });
    std::string word(100000, 'a');
    if (letters.size() == 2)
      for (char& c : word) c = letters[random() % 2];
    BpeScratch scratch;
    std::vector<int32_t> ids;
    model.bpe.encode(model.vocabulary, word, scratch, ids);
    std::string joined;
    for (const int32_t id : ids) joined += model.vocabulary.content(id);
    EXPECT_EQ(joined, word);
    EXPECT_GE(scratch.steps, word.size() / 4);
    EXPECT_LE(scratch.steps, word.size() * 3);
  }
}

// The same for merges made to cost the most: twice the word, twice the steps, and a few for each
// letter.
TEST(Bpe, TwiceTheWordCostsTwiceTheStepsWhateverTheMerges) {
  struct Hostile {
    const char* name;
    const char* letters;
    std::function<size_t(size_t count, bool left)> choose;  // the parts of the next merge
    std::string unit;                                       // the word repeats it
  };
  const Hostile models[] = {
      // a+a, aa+a, aaa+a: a token that grows by one letter at each merge.
      {"growing to the right", "a", [](size_t count, bool left) { return left ? count - 1 : 0; },
       "a"},
      {"growing to the left", "a", [](size_t count, bool left) { return left ? 0 : count - 1; },
       "a"},
      {"growing past a stranger", "ab",
       [](size_t count, bool left) { return left ? count - 1 : 0; }, std::string(300, 'a') + "b"},
  };
  for (const Hostile& hostile : models) {
    SCOPED_TRACE(hostile.name);
    bool left = false;
    const Model model = make_model(hostile.letters, 200, [&](size_t count) {
      left = !left;
      return hostile.choose(count, left);
    });
    const auto steps_of = [&](size_t size) {
      std::string word;
      while (word.size() < size) word += hostile.unit;
      word.resize(size);
      BpeScratch scratch;
      std::vector<int32_t> ids;
      model.bpe.encode(model.vocabulary, word, scratch, ids);
      return scratch.steps;
    };
    uint64_t before = steps_of(10'000);
    EXPECT_LE(before, 3 * 10'000u);
    for (const size_t size : {20'000u, 40'000u, 80'000u}) {
      const uint64_t steps = steps_of(size);
      EXPECT_LE(steps, before * 21 / 10) << size;
      before = steps;
    }
  }
}

TEST(MergeTable, FindsWhatWasInsertedAndTheLastOfARepeatedPair) {
  MergeTable table;
  EXPECT_EQ(table.find(0, 0), nullptr);
  for (int32_t i = 0; i < 5000; ++i)
    ASSERT_TRUE(table.insert(i * 7919, i, static_cast<uint32_t>(i), i + 1));
  ASSERT_TRUE(table.insert(0, 0, 77, 78));
  EXPECT_EQ(table.size(), 5000u);
  for (int32_t i = 1; i < 5000; ++i) {
    const auto* entry = table.find(i * 7919, i);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->rank, static_cast<uint32_t>(i));
    EXPECT_EQ(entry->joined, i + 1);
    EXPECT_EQ(table.find(i, i * 7919), nullptr);
  }
  EXPECT_EQ(table.find(0, 0)->joined, 78);
}

TEST(ByteAlphabet, IsOneToOneAndPrintable) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    std::string content;
    append_utf8(content, byte_to_alphabet(static_cast<uint8_t>(byte)));
    ASSERT_TRUE(append_alphabet_bytes(content, all));
    ASSERT_EQ(static_cast<uint8_t>(all.back()), byte);
  }
  EXPECT_EQ(all.size(), 256u);
  EXPECT_EQ(byte_to_alphabet(' '), U'\u0120');
  EXPECT_EQ(byte_to_alphabet('\n'), U'\u010A');
  std::string out = "x";
  for (const char* content :
       {" ", "a b", "\xC4", "\xC5\x84", "\xE4\xBD\xA0", "\xC2\xAD", "\xC3\x28"})
    EXPECT_FALSE(append_alphabet_bytes(content, out)) << content;
  EXPECT_EQ(out, "x");
}

TEST(Vocabulary, KnowsTokensByContentAndById) {
  Vocabulary vocabulary;
  ASSERT_TRUE(vocabulary.add(3, "abc", true));
  ASSERT_TRUE(vocabulary.add(1, "", false));
  EXPECT_EQ(vocabulary.size(), 4);
  EXPECT_EQ(vocabulary.content(3), "abc");
  EXPECT_EQ(vocabulary.find("abc"), 3);
  EXPECT_EQ(vocabulary.find(""), 1);
  EXPECT_EQ(vocabulary.find("ab"), -1);
  EXPECT_EQ(vocabulary.find_in_model("abc"), 3);
  EXPECT_EQ(vocabulary.find_in_model(""), -1);
  EXPECT_FALSE(vocabulary.has(0));
  EXPECT_FALSE(vocabulary.has(4));
  EXPECT_FALSE(vocabulary.has(-1));
  EXPECT_EQ(vocabulary.content(2), "");
  EXPECT_TRUE(vocabulary.in_model(3));
  EXPECT_FALSE(vocabulary.in_model(1));
  EXPECT_FALSE(vocabulary.add(0, "abc", true));
  EXPECT_FALSE(vocabulary.add(3, "abd", true));
}

}  // namespace
}  // namespace gerbil::text
