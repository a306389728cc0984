// The word patterns of well-known tokenizers, matched by hand: the same words as the regular
// expression gives, several times as fast. The regular expression is the oracle of their test.
//
// A pattern is known by its exact text. Each covers any text with matches that follow each other
// without gaps. Pure functions, any thread; texts are valid UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gerbil::text {

// Bytes [begin, end) of the text being cut. Texts are below 4 GiB (tokenizer.cc sees to that).
struct Word {
  uint32_t begin = 0;
  uint32_t end = 0;
};

enum class WordPattern : uint8_t {
  kGpt2,    // also what ByteLevel uses by itself
  kLlama3,  // cl100k: Llama 3, GPT-4; digits by three
  kQwen2,   // ... digits one by one: Qwen2, Qwen2.5, Qwen3
  kQwen35,  // ... marks are letters: Qwen3.5
  kO200k,   // GPT-4o, gpt-oss, Llama 4: words end where the case falls
};

// Whose text this is, if it is known.
std::optional<WordPattern> known_word_pattern(std::string_view regex);
std::string_view regex_of(WordPattern pattern);

// Appends the words of text[begin, end), which is cut as if it were all of the text.
void append_words(WordPattern pattern, std::string_view text, Word range, std::vector<Word>& words);

}  // namespace gerbil::text
