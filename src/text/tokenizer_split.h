// Cuts a stretch of text into words: runs the steps of a pre-tokenizer. Immutable steps; the
// scratch belongs to one thread. Texts are valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/regex.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

// Bytes [begin, end) of the text being cut.
struct Word {
  size_t begin = 0;
  size_t end = 0;
};

struct SplitScratch {
  struct Range {
    size_t begin = 0;
    size_t end = 0;
    bool match = false;
  };
  RegexMatcher matcher;
  std::vector<Word> words;
  std::vector<Range> ranges;
};

// Fills `words` with the words of `text`, which a step may rewrite (a prefix space).
Status split_words(Span<const PreTokenizerStep> steps, std::string& text, SplitScratch& scratch,
                   std::vector<Word>& words);

}  // namespace gerbil::text
