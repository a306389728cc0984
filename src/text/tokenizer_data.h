// What a tokenizer.json says, as plain data: a list of steps for each stage, tables for the model.
// Built by tokenizer_json.h, run by tokenizer.h; a new kind of step is a new struct in a variant.
// Immutable after it is built: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "text/bpe.h"
#include "text/regex.h"
#include "text/tokenizer_vocabulary.h"

namespace gerbil::text {

// Normalizer: text -> text, on each stretch between added tokens.
struct NfcStep {};
using NormalizerStep = std::variant<NfcStep>;

// Pre-tokenizer: cuts a stretch into words, which merges never cross.
enum class SplitBehavior {
  kRemoved,             // matches are dropped
  kIsolated,            // each match is a word, and so is what lies between two
  kMergedWithPrevious,  // a match ends the word before it
  kMergedWithNext,      // a match begins the word after it
  kContiguous,          // neighbouring matches are one word
};
struct SplitStep {
  std::variant<std::string, Regex> pattern;  // a literal is never empty
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // what lies between the matches is the match
};
struct PrefixSpaceStep {};  // a space before each word that does not begin with one
using PreTokenizerStep = std::variant<SplitStep, PrefixSpaceStep>;

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
  Vocabulary vocabulary;
  Bpe model;
  std::vector<AddedToken> added_tokens;
  // What add_special_tokens puts around the ids.
  std::vector<int32_t> prefix;
  std::vector<int32_t> suffix;
};

}  // namespace gerbil::text
