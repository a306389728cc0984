// Qwen3's and Gemma 3's real vocabularies over the corpus, against the hashes of what Hugging
// Face's Rust library gives (tests/data/README.md), and the promises of the decode stream.
//
// Gemma 3's vocabulary is not committed: its tests run where the folder that GERBIL_FIXTURES names
// holds tokenizers/gemma3/tokenizer.json.
#define XXH_INLINE_ALL
#include "corpus.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "qwen3_vocabulary.h"
#include "support/data.h"
#include "support/temp_folder.h"
#include "text/detokenizer.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace gerbil::testing {
namespace {

using text::Detokenizer;
using text::Tokenizer;

struct Expected {
  std::string name;
  size_t bytes = 0;
  uint64_t hash = 0;
  size_t ids = 0;
  uint64_t ids_hash = 0;
  uint64_t decoded_hash = 0;
};

const std::vector<CorpusChunk>& corpus() {
  static const std::vector<CorpusChunk> chunks = make_corpus();
  return chunks;
}

std::vector<Expected> expected_of(const std::string& vocabulary) {
  std::vector<Expected> out;
  std::istringstream file(read_file(data_folder() / "tokenizer" / (vocabulary + ".tsv")));
  Expected line;
  while (file >> line.name >> std::dec >> line.bytes >> std::hex >> line.hash >> std::dec >>
         line.ids >> std::hex >> line.ids_hash >> line.decoded_hash)
    out.push_back(line);
  if (out.size() != corpus().size())
    throw std::runtime_error(vocabulary + ".tsv is not of this corpus");
  return out;
}

uint64_t hash_of(std::string_view text) { return XXH64(text.data(), text.size(), 0); }
uint64_t hash_of(const std::vector<int32_t>& ids) {
  return XXH64(ids.data(), ids.size() * sizeof(int32_t), 0);
}

// A vocabulary, and the ids of all chunks.
struct Loaded {
  Tokenizer tokenizer;
  std::vector<std::vector<int32_t>> ids;
};

std::optional<std::string> json_of(const std::string& vocabulary) {
  if (vocabulary == "qwen3") return qwen3_tokenizer_json();
  const char* folder = std::getenv("GERBIL_FIXTURES");
  if (!folder) return std::nullopt;
  const auto file = std::filesystem::path(folder) / "tokenizers" / vocabulary / "tokenizer.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  return read_file(file);
}

// nullptr where the vocabulary is not here. Kept for the next test.
const Loaded* load(const std::string& vocabulary) {
  static std::map<std::string, std::unique_ptr<Loaded>> loaded;
  const auto found = loaded.find(vocabulary);
  if (found != loaded.end()) return found->second.get();
  std::unique_ptr<Loaded>& entry = loaded[vocabulary];
  const auto json = json_of(vocabulary);
  if (!json) return nullptr;
  auto tokenizer = Tokenizer::from_json(*json, "tokenizer.json");
  if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
  entry = std::make_unique<Loaded>(Loaded{*std::move(tokenizer), {}});
  for (const CorpusChunk& chunk : corpus()) {
    auto ids = entry->tokenizer.encode(chunk.text);
    if (!ids) throw std::runtime_error(chunk.name + ": " + ids.error().message);
    entry->ids.push_back(*std::move(ids));
  }
  return entry.get();
}

class TokenizerCorpus : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    loaded_ = load(GetParam());
    if (!loaded_)
      GTEST_SKIP() << "no " << GetParam()
                   << " vocabulary: GERBIL_FIXTURES names no folder that holds tokenizers/"
                   << GetParam() << "/tokenizer.json";
  }
  const Loaded* loaded_ = nullptr;
};

TEST_P(TokenizerCorpus, GivesTheIdsOfTheRustLibrary) {
  const std::vector<Expected> expected = expected_of(GetParam());
  size_t bytes = 0;
  for (size_t i = 0; i < corpus().size(); ++i) {
    const Expected& want = expected[i];
    SCOPED_TRACE(want.name);
    ASSERT_EQ(corpus()[i].name, want.name);
    ASSERT_EQ(corpus()[i].text.size(), want.bytes);
    ASSERT_EQ(hash_of(corpus()[i].text), want.hash) << "the corpus is not the one that was hashed";
    EXPECT_EQ(loaded_->ids[i].size(), want.ids);
    EXPECT_EQ(hash_of(loaded_->ids[i]), want.ids_hash);
    bytes += want.bytes;
  }
  EXPECT_GT(bytes, 10'000'000u);
}

// Qwen3's regular expression has code of its own (text/word_pattern.h); spelled otherwise PCRE2
// runs it. Nothing may come of that.
TEST(TokenizerSplit, ARegularExpressionCutsAsItsOwnCodeDoes) {
  std::string json = qwen3_tokenizer_json();
  const size_t begin = json.find("\"(?i:'s|");
  const size_t end = json.find("|\\\\s+\"", begin);
  ASSERT_NE(end, std::string::npos);
  json.insert(end + 5, ")").insert(begin + 1, "(?:");
  const auto tokenizer = Tokenizer::from_json(json, "tokenizer.json");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const std::vector<Expected> expected = expected_of("qwen3");
  for (size_t i = 0; i < corpus().size(); ++i) {
    const auto ids = tokenizer->encode(corpus()[i].text);
    ASSERT_TRUE(ids) << expected[i].name << ": " << ids.error().message;
    EXPECT_EQ(hash_of(*ids), expected[i].ids_hash) << expected[i].name;
  }
}

// What the text is once broken UTF-8 is repaired and the normalizer ran.
std::string normalized(const std::string& vocabulary, const std::string& text) {
  const std::string repaired = text::repair_utf8(text);
  if (vocabulary == "qwen3") return text::to_nfc(repaired);
  // Gemma's spaces are spelled U+2581, so that one in the text comes back as a space.
  constexpr std::string_view kSpace = "\xE2\x96\x81";
  std::string out = "<bos>";
  for (size_t i = 0; i < repaired.size();) {
    const bool space = repaired.compare(i, kSpace.size(), kSpace) == 0;
    out += space ? ' ' : repaired[i];
    i += space ? kSpace.size() : 1;
  }
  return out;
}

TEST_P(TokenizerCorpus, ComesBackIdenticalAfterNormalisation) {
  const std::vector<Expected> expected = expected_of(GetParam());
  for (size_t i = 0; i < corpus().size(); ++i) {
    const std::string decoded = loaded_->tokenizer.decode(loaded_->ids[i], false);
    EXPECT_EQ(hash_of(decoded), expected[i].decoded_hash) << expected[i].name;
    EXPECT_TRUE(decoded == normalized(GetParam(), corpus()[i].text)) << expected[i].name;
  }
}

// Of valid UTF-8 that may be cut: the bytes of the character at its end that is not whole.
size_t torn_bytes(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<uint8_t>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return back < size ? back : 0;
  }
  return 0;
}

// After each token the stream has given every character that is whole, and not a byte more.
TEST_P(TokenizerCorpus, StreamsEachCharacterAsSoonAsItIsWhole) {
  for (size_t i = 0; i < corpus().size(); ++i) {
    SCOPED_TRACE(corpus()[i].name);
    Detokenizer detokenizer(loaded_->tokenizer, false);
    std::string bytes;
    size_t given = 0;
    for (const int32_t id : loaded_->ids[i]) {
      bytes += loaded_->tokenizer.token_bytes(id);
      const size_t whole = bytes.size() - torn_bytes(bytes);
      ASSERT_TRUE(detokenizer.push(id) == std::string_view(bytes).substr(given, whole - given))
          << "after " << given << " bytes";
      given = whole;
    }
    ASSERT_EQ(detokenizer.flush(), "");
    ASSERT_EQ(given, bytes.size());
    ASSERT_TRUE(loaded_->tokenizer.decode(loaded_->ids[i], false) == bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, TokenizerCorpus, ::testing::Values("qwen3", "gemma3"),
                         [](const auto& vocabulary) { return vocabulary.param; });

// The longest text, in whole characters, that both begin with.
std::string common_beginning(const std::string& a, const std::string& b) {
  size_t size = 0;
  while (size < std::min(a.size(), b.size())) {
    const uint32_t step = text::utf8_step(a, size).size;
    if (a.compare(size, step, b, size, step) != 0) break;
    size += step;
  }
  return a.substr(0, size);
}

// The definition, over any ids, also those that make no text: what was given is all that the texts
// of every continuation have in common. These five stand for all: a character at the end that can
// be completed is completed by one of the first three, and spoiled by the others.
TEST(TokenizerStream, HasGivenWhatNoContinuationCanChange) {
  const Loaded* qwen3 = load("qwen3");
  const Tokenizer& tokenizer = qwen3->tokenizer;
  std::map<uint8_t, int32_t> byte_ids;
  for (int32_t id = 0; id < 256; ++id)
    byte_ids[static_cast<uint8_t>(tokenizer.token_bytes(id)[0])] = id;
  ASSERT_EQ(byte_ids.size(), 256u);
  const auto ids_of = [&](std::string_view bytes) {
    std::vector<int32_t> ids;
    for (const char byte : bytes) ids.push_back(byte_ids.at(static_cast<uint8_t>(byte)));
    return ids;
  };
  const std::vector<int32_t> continuations[] = {
      ids_of("\x80\x80\x80"), ids_of("\x90\x80\x80"), ids_of("\xA0\x80\x80"), ids_of("a"), {}};
  // Pieces of the corpus, whole or with a byte changed.
  const std::vector<size_t> chunks = [] {
    std::vector<size_t> out;
    for (size_t i = 0; i < corpus().size(); ++i)
      for (const char* kind : {"broken/", "scripts/", "emoji/", "languages/", "long-ideographs/"})
        if (corpus()[i].name.starts_with(kind)) out.push_back(i);
    return out;
  }();
  uint32_t random = 1;
  const auto below = [&](size_t count) {
    random = random * 1664525 + 1013904223;
    return static_cast<size_t>(random >> 8) % count;
  };
  size_t held = 0;
  for (int round = 0; round < 4000; ++round) {
    const std::vector<int32_t>& all = qwen3->ids[chunks[below(chunks.size())]];
    const auto begin = all.begin() + static_cast<ptrdiff_t>(below(all.size() - 12));
    std::vector<int32_t> ids(begin, begin + 12);
    for (int changed = 0; changed < round % 4; ++changed)
      ids[below(ids.size())] = byte_ids.at(static_cast<uint8_t>(0x80 + below(128)));
    Detokenizer detokenizer(tokenizer, false);
    std::string given;
    for (size_t count = 1; count <= ids.size(); ++count) {
      given += detokenizer.push(ids[count - 1]);
      std::optional<std::string> sure;
      for (const std::vector<int32_t>& continuation : continuations) {
        std::vector<int32_t> whole(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(count));
        whole.insert(whole.end(), continuation.begin(), continuation.end());
        const std::string decoded = tokenizer.decode(whole, false);
        sure = sure ? common_beginning(*sure, decoded) : decoded;
      }
      ASSERT_EQ(given, *sure) << "round " << round << ", " << count << " ids";
      ASSERT_EQ(text::utf8_valid_prefix(given), given.size());
      held += tokenizer.decode({ids.data(), count}, false) != given;
    }
  }
  EXPECT_GT(held, 1000u);
}

}  // namespace
}  // namespace gerbil::testing
