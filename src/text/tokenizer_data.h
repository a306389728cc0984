// What a tokenizer.json says, as plain data: a list of steps for each stage, tables for the model.
// Built by tokenizer_json.h, run by tokenizer.h; a new kind of step is a new struct in a variant.
// Immutable after it is built: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "text/bpe.h"
#include "text/regex.h"
#include "text/tokenizer_vocabulary.h"
#include "text/unicode.h"
#include "text/word_pattern.h"

namespace gerbil::text {

// What Split and Replace look for. A literal is never empty.
using Pattern = std::variant<std::string, Regex>;

// ---- normalizer: text -> text, on each stretch between added tokens

struct FormStep {
  NormalForm form = NormalForm::kNfc;
};
struct LowercaseStep {};
struct StripStep {  // white space at the ends
  bool left = false;
  bool right = false;
};
struct StripAccentsStep {};
struct ReplaceStep {
  Pattern pattern;
  std::string content;
};
struct PrependStep {  // to a text that is not empty
  std::string content;
};
struct AlphabetStep {};  // bytes -> byte alphabet
using NormalizerStep = std::variant<FormStep, LowercaseStep, StripStep, StripAccentsStep,
                                    ReplaceStep, PrependStep, AlphabetStep>;

// ---- pre-tokenizer: cuts a stretch into words, which merges never cross

enum class SplitBehavior {
  kRemoved,             // matches are dropped
  kIsolated,            // each match is a word, and so is what lies between two
  kMergedWithPrevious,  // a match ends the word before it
  kMergedWithNext,      // a match begins the word after it
  kContiguous,          // neighbouring matches are one word
};
struct SplitStep {
  Pattern pattern;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // what lies between the matches is the match
};
struct WordPatternStep {  // a Split known by hand: its matches are the words
  WordPattern pattern = WordPattern::kGpt2;
};
enum class CharacterClass { kWhiteSpace, kPunctuation, kNumber };
struct CharacterSplitStep {  // each character of the class, or this one, is a match
  std::variant<CharacterClass, char32_t> what;
  SplitBehavior behavior = SplitBehavior::kIsolated;
};
struct WordRunsStep {};     // \w+|[^\w\s]+
struct PrefixSpaceStep {};  // a space before each word that does not begin with one
struct MetaspaceStep {
  enum class Prepend { kNever, kFirst, kAlways };
  std::string replacement;            // of each space: one character
  Prepend prepend = Prepend::kNever;  // to words that do not begin with it; kFirst: at offset 0
  bool split = true;                  // each begins a word
};
using PreTokenizerStep = std::variant<SplitStep, WordPatternStep, CharacterSplitStep, WordRunsStep,
                                      PrefixSpaceStep, MetaspaceStep, AlphabetStep>;

// ---- decoder: tokens -> text

struct StripTokenStep {  // up to so many of the character at the ends of each token
  char32_t content = 0;
  uint32_t start = 0;
  uint32_t stop = 0;
};
using TokenStep = std::variant<ReplaceStep, MetaspaceStep, StripTokenStep>;
struct DecoderData {
  enum class Bytes {
    kNone,
    kFallback,  // tokens <0x..> are bytes
    kAlphabet,  // characters of the byte alphabet are
  };
  bool present = true;               // without a decoder tokens are joined by spaces
  std::vector<TokenStep> per_token;  // on each token by itself
  Bytes bytes = Bytes::kNone;
  std::vector<StripTokenStep> at_start;  // of the whole text; `stop` is 0
};

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool single_word = false;  // not within a word
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // ... after it
  bool normalized = true;    // looked for in the normalized text, else in the text as it came
  bool special = false;
};

struct TokenizerData {
  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  // The pre-tokenizer ends in ByteLevel: words are bytes, and the model's symbols are too.
  bool byte_symbols = false;
  Vocabulary vocabulary;
  bool vocabulary_is_whole = false;  // it came with the added tokens
  Bpe model;
  DecoderData decoder;
  std::vector<AddedToken> added_tokens;
  // The tokenizer.json without its large tables, to be read again beside them.
  std::string rest_json;
  // What add_special_tokens puts around the ids.
  std::vector<int32_t> prefix;
  std::vector<int32_t> suffix;
};

}  // namespace gerbil::text
