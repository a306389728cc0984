#include "text/tokenizer_split.h"

#include <algorithm>

#include "text/utf8.h"

namespace gerbil::text {
namespace {

using Range = SplitScratch::Range;

// Covers `word` with ranges, matches and what lies between, by calling find(start) -> match.
// An empty match right behind the last one is not taken: the search goes on a character further.
template <class Find>
Status cover(std::string_view word, std::vector<Range>& ranges, const Find& find) {
  ranges.clear();
  size_t done = 0;
  size_t start = 0;
  bool matched = false;
  while (start <= word.size()) {
    GERBIL_TRY(const auto match, find(start));
    if (!match) break;
    if (match->begin == match->end && matched && match->end == done) {
      start += start < word.size() ? utf8_step(word, start).size : 1;
      continue;
    }
    if (done < match->begin) ranges.push_back({done, match->begin, false});
    ranges.push_back({match->begin, match->end, true});
    start = done = match->end;
    matched = true;
  }
  if (done < word.size()) ranges.push_back({done, word.size(), false});
  return {};
}

Status find_ranges(const SplitStep& step, std::string_view word, SplitScratch& scratch) {
  if (const Regex* regex = std::get_if<Regex>(&step.pattern)) {
    GERBIL_CHECK_OK(cover(word, scratch.ranges,
                          [&](size_t start) { return scratch.matcher.find(*regex, word, start); }));
  } else {
    const std::string& literal = std::get<std::string>(step.pattern);
    GERBIL_CHECK_OK(
        cover(word, scratch.ranges, [&](size_t start) -> Result<std::optional<RegexMatch>> {
          const size_t found = word.find(literal, start);
          if (found == std::string_view::npos) return std::nullopt;
          return RegexMatch{found, found + literal.size()};
        }));
  }
  if (step.invert)
    for (Range& range : scratch.ranges) range.match = !range.match;
  return {};
}

// Joins and drops ranges in place as the behaviour says.
void apply(SplitBehavior behavior, std::vector<Range>& ranges) {
  size_t kept = 0;
  bool previous = false;  // whether the range before was a match
  switch (behavior) {
    case SplitBehavior::kIsolated:
      return;
    case SplitBehavior::kRemoved:
      std::erase_if(ranges, [](const Range& range) { return range.match; });
      return;
    case SplitBehavior::kMergedWithPrevious:
    case SplitBehavior::kContiguous:
      for (const Range range : ranges) {
        const bool join = behavior == SplitBehavior::kContiguous ? range.match == previous
                                                                 : range.match && !previous;
        if (join && kept > 0) {
          ranges[kept - 1].end = range.end;
        } else {
          ranges[kept++] = range;
        }
        previous = range.match;
      }
      ranges.resize(kept);
      return;
    case SplitBehavior::kMergedWithNext:
      // The mirror image of kMergedWithPrevious.
      std::ranges::reverse(ranges);
      for (const Range range : ranges) {
        if (range.match && !previous && kept > 0) {
          ranges[kept - 1].begin = range.begin;
        } else {
          ranges[kept++] = range;
        }
        previous = range.match;
      }
      ranges.resize(kept);
      std::ranges::reverse(ranges);
      return;
  }
}

Status run(const SplitStep& step, std::string_view text, SplitScratch& scratch,
           std::vector<Word>& words) {
  scratch.words.swap(words);
  words.clear();
  for (const Word& word : scratch.words) {
    GERBIL_CHECK_OK(find_ranges(step, text.substr(word.begin, word.end - word.begin), scratch));
    apply(step.behavior, scratch.ranges);
    for (const Range& range : scratch.ranges)
      if (range.begin < range.end)
        words.push_back({word.begin + range.begin, word.begin + range.end});
  }
  return {};
}

// Rewrites the text to the words laid end to end, each with a space in front.
void run_prefix_space(std::string& text, std::vector<Word>& words) {
  std::string out;
  out.reserve(text.size() + words.size());
  for (Word& word : words) {
    const size_t begin = out.size();
    if (text[word.begin] != ' ') out += ' ';
    out.append(text, word.begin, word.end - word.begin);
    word = {begin, out.size()};
  }
  text = std::move(out);
}

}  // namespace

Status split_words(Span<const PreTokenizerStep> steps, std::string& text, SplitScratch& scratch,
                   std::vector<Word>& words) {
  words.clear();
  if (text.empty()) return {};
  words.push_back({0, text.size()});
  for (const PreTokenizerStep& step : steps) {
    if (const SplitStep* split = std::get_if<SplitStep>(&step)) {
      GERBIL_CHECK_OK(run(*split, text, scratch, words));
    } else {
      run_prefix_space(text, words);
    }
  }
  return {};
}

}  // namespace gerbil::text
