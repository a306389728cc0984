// What the corpus is written from: a grammar. Tests only.
#pragma once

#include <span>
#include <string_view>

namespace gerbil::testing {

// A rule's alternatives stand one a line, or are words between spaces. In them @name@ is replaced
// by what another rule gives (or a builtin of corpus.cc), @@ is an @. Of a rule that leads back to
// itself the first alternative must not.
struct CorpusRule {
  const char* name;
  char separator;
  const char* alternatives;
};

std::span<const CorpusRule> corpus_rules();

// Names of the rules that are words of a language, by the marks that end its sentences and join
// its words.
struct CorpusLanguage {
  const char* words;
  const char* space;
  const char* comma;
  const char* stop;
};

std::span<const CorpusLanguage> corpus_languages();

}  // namespace gerbil::testing
