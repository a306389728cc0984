// Cuts a stretch of text into words: runs the steps of a pre-tokenizer. Immutable steps; the
// scratch belongs to one thread. Texts are valid UTF-8 of at most kMaxTextBytes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/pattern_cover.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_normalize.h"

namespace gerbil::text {

struct SplitScratch {
  RegexMatcher matcher;
  std::vector<Word> words;
  std::vector<MatchRange> ranges;
  std::string out;
  size_t room = kMaxTextBytes;  // as NormalizeScratch has it
};

// Fills `words` with the words of `text`, which a step may rewrite (a prefix space). `at_start`:
// whether it begins where all of the text to encode does.
Status split_words(Span<const PreTokenizerStep> steps, bool at_start, std::string& text,
                   SplitScratch& scratch, std::vector<Word>& words);

}  // namespace gerbil::text
