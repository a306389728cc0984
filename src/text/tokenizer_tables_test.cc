// The tables of a tokenizer, kept and taken again: the same tokenizer, or none.
#include <cstring>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/aligned_buffer.h"
#include "text/detokenizer.h"
#include "text/tokenizer_test_data.h"

namespace gerbil::text {
namespace {

// Aligned as a mapped file is.
struct Block {
  AlignedBuffer buffer;

  explicit Block(std::string_view bytes)
      : buffer(*AlignedBuffer::allocate(bytes.size(), "a test's block")) {
    if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  }
  Bytes bytes(size_t size) const { return {buffer.data(), size}; }
};

Result<Tokenizer> from(std::string_view tables) {
  auto block = std::make_shared<Block>(tables);
  const Bytes bytes = block->bytes(tables.size());
  return Tokenizer::from_tables(bytes, std::move(block), "tokenizer.json");
}

std::string gemma_like() {
  // Characters with byte fallback, seams, spaces as a character, a token in two roles.
  nlohmann::json vocab = {{"<unk>", 0}, {"a", 1},      {"b", 2},
                          {"ab", 3},    {"\u2581", 4}, {"\u2581ab", 5}};
  for (int byte = 0; byte < 256; ++byte) {
    const size_t id = vocab.size();
    vocab[fmt::format("<0x{:02X}>", byte)] = id;
  }
  nlohmann::json file;
  file["version"] = "1.0";
  file["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}};
  file["decoder"] = {{"type", "Sequence"},
                     {"decoders",
                      {{{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}},
                       {{"type", "ByteFallback"}},
                       {{"type", "Fuse"}},
                       {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}};
  file["added_tokens"] = {{{"id", 300}, {"content", "<end>"}, {"special", true}},
                          {{"id", 3}, {"content", "ab"}, {"special", false}}};
  file["model"] = {{"type", "BPE"},
                   {"unk_token", "<unk>"},
                   {"byte_fallback", true},
                   {"fuse_unk", true},
                   {"vocab", vocab},
                   {"merges", nlohmann::json::parse("[[\"a\", \"b\"], [\"\u2581\", \"ab\"]]")}};
  return file.dump();
}

void expect_same(const Tokenizer& want, const Tokenizer& got) {
  EXPECT_EQ(got.vocab_size(), want.vocab_size());
  for (int32_t id = -1; id <= want.vocab_size(); ++id) {
    EXPECT_EQ(got.token_bytes(id), want.token_bytes(id)) << id;
    EXPECT_EQ(got.is_special(id), want.is_special(id)) << id;
  }
  for (const std::string text :
       {"", "ab  abba", "The capital of Garth is <|im_end|> <end>\n\n12345 don't",
        "na\u00efve \u4f60\u597d \U0001F600 \xff", "    def f(x):\n\treturn x"}) {
    const auto ids = want.encode(text);
    ASSERT_TRUE(ids);
    EXPECT_EQ(got.encode(text).value(), *ids) << text;
    EXPECT_EQ(got.decode(*ids, true), want.decode(*ids, true));
    Detokenizer detokenizer(got, false);
    std::string streamed;
    for (const int32_t id : *ids) streamed += detokenizer.push(id);
    EXPECT_EQ(streamed + detokenizer.flush(), want.decode(*ids, false));
  }
  EXPECT_EQ(got.token_to_id("<end>"), want.token_to_id("<end>"));
  EXPECT_EQ(got.token_to_id("ab"), want.token_to_id("ab"));
}

TEST(TokenizerTables, MakeTheSameTokenizer) {
  for (const std::string& json :
       {read_source_file("models/qwen3_5-nano-vl/tokenizer.json"),
        read_source_file("tests/data/models/qwen3-nano/tokenizer.json"), gemma_like(),
        byte_level_json({{"h", "e"}, {"he", "l"}}).dump()}) {
    const Tokenizer want = tokenizer_from(json);
    const std::string tables = want.tables();
    auto got = from(tables);
    ASSERT_TRUE(got) << got.error().message;
    expect_same(want, *got);
    EXPECT_TRUE(got->tables() == tables);  // and so for ever
    const Tokenizer moved = *std::move(got);
    expect_same(want, moved);
  }
}

TEST(TokenizerTables, AreRefusedWhereverTheyAreTorn) {
  const std::string tables = tokenizer_from(gemma_like()).tables();
  for (size_t size = 0; size < tables.size(); ++size)
    EXPECT_FALSE(from(tables.substr(0, size))) << size;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (i > 2000 && i % 7 != 0) continue;
    std::string changed = tables;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_FALSE(from(changed)) << i;
  }
  EXPECT_FALSE(from(tables + std::string(64, '\0')));
  EXPECT_FALSE(from(std::string(4096, '\0')));
}

// Whoever can write the file can also write its hash: no crash, whatever the tables say.
TEST(TokenizerTables, ThatLieAreRefusedOrHarmless) {
  const std::string tables = tokenizer_from(gemma_like()).tables();
  std::mt19937 random(7);
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = tables;
    for (int i = 0; i < 1 + round % 3; ++i) {
      const size_t at = 16 + random() % (changed.size() - 16);
      const uint32_t kind = random() % 4;
      changed[at] = static_cast<char>(kind == 0   ? 0xff
                                      : kind == 1 ? 0x00
                                      : kind == 2 ? 0x7f
                                                  : random() % 256);
    }
    const uint64_t hash = XXH3_64bits(changed.data() + 16, changed.size() - 16);
    std::memcpy(changed.data() + 8, &hash, sizeof(hash));
    const auto tokenizer = from(changed);
    if (!tokenizer) continue;
    ++taken;
    const auto ids = tokenizer->encode("abab <end> \u4f60 ab");
    if (!ids) continue;
    for (const int32_t id : *ids) EXPECT_TRUE(id >= 0 && id < tokenizer->vocab_size());
    Detokenizer detokenizer(*tokenizer, true);
    for (const int32_t id : *ids) detokenizer.push(id);
    detokenizer.flush();
    tokenizer->decode(*ids, true);
    for (int32_t id = 0; id < tokenizer->vocab_size(); ++id) tokenizer->token_bytes(id);
  }
  EXPECT_GT(taken, 0);
}

}  // namespace
}  // namespace gerbil::text
