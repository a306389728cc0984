// A corpus of about 10 MB that tokenizers are compared on, made anew by each run: the same bytes on
// every machine and compiler.
//
// It holds all scripts of Unicode, twenty-odd languages, emoji, code, markup, numbers, white space,
// special tokens written out, 100 kB without a space, and broken UTF-8 (so texts are bytes, each
// ill-formed sequence to be read as U+FFFD). Texts and random numbers are its own. A change here
// wants the hashes in tests/data/tokenizer made again (tests/data/README.md). Tests only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gerbil::testing {

struct CorpusChunk {
  std::string name;  // "kind/number"
  std::string text;
};

std::vector<CorpusChunk> make_corpus();

}  // namespace gerbil::testing
