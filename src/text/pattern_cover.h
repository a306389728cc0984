// Walks a text by the matches of a pattern, as Hugging Face's library does for Split and Replace.
// Pure; the matcher belongs to one thread. Texts are valid UTF-8.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer_data.h"
#include "text/utf8.h"

namespace gerbil::text {

struct MatchRange {
  size_t begin = 0;
  size_t end = 0;
  bool match = false;
};

// Covers `text` with ranges, matches and what lies between, by calling find(start) ->
// Result<optional<RegexMatch>>. An empty match right behind the last one is not taken: the search
// goes on a character further.
template <class Find>
Status cover(std::string_view text, std::vector<MatchRange>& ranges, const Find& find) {
  ranges.clear();
  if (text.empty()) return {};
  size_t done = 0;
  size_t start = 0;
  bool matched = false;
  while (start <= text.size()) {
    GERBIL_TRY(const auto match, find(start));
    if (!match) break;
    if (match->begin == match->end && matched && match->end == done) {
      start += start < text.size() ? utf8_step(text, start).size : 1;
      continue;
    }
    if (done < match->begin) ranges.push_back({done, match->begin, false});
    ranges.push_back({match->begin, match->end, true});
    start = done = match->end;
    matched = true;
  }
  if (done < text.size()) ranges.push_back({done, text.size(), false});
  return {};
}

inline Status cover(const Pattern& pattern, std::string_view text, RegexMatcher& matcher,
                    std::vector<MatchRange>& ranges) {
  if (const Regex* regex = std::get_if<Regex>(&pattern))
    return cover(text, ranges, [&](size_t start) { return matcher.find(*regex, text, start); });
  const std::string& literal = std::get<std::string>(pattern);
  return cover(text, ranges, [&](size_t start) -> Result<std::optional<RegexMatch>> {
    const size_t found = text.find(literal, start);
    if (found == std::string_view::npos) return std::nullopt;
    return RegexMatch{found, found + literal.size()};
  });
}

}  // namespace gerbil::text
