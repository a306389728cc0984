#include "text/tokenizer_split.h"

#include <algorithm>

#include "text/bpe_alphabet.h"
#include "text/tokenizer_normalize.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// Joins and drops ranges in place as the behaviour says.
void apply(SplitBehavior behavior, std::vector<MatchRange>& ranges) {
  size_t kept = 0;
  bool previous = false;  // whether the range before was a match
  switch (behavior) {
    case SplitBehavior::kIsolated:
      return;
    case SplitBehavior::kRemoved:
      std::erase_if(ranges, [](const MatchRange& range) { return range.match; });
      return;
    case SplitBehavior::kMergedWithPrevious:
    case SplitBehavior::kContiguous:
      for (const MatchRange range : ranges) {
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
      for (const MatchRange range : ranges) {
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

bool is_in(CharacterClass what, char32_t c) {
  switch (what) {
    case CharacterClass::kWhiteSpace:
      return is_white_space(c);
    case CharacterClass::kPunctuation:
      return is_punctuation(c);
    case CharacterClass::kNumber:
      return is_number(c);
  }
  return false;
}

// What one run of the steps works on.
struct Run {
  SplitScratch& scratch;
  std::string& text;
  std::vector<Word>& words;
  bool& at_start;  // whether the text's first byte is the first of all

  std::string_view bytes(const Word& word) const {
    return std::string_view(text).substr(word.begin, word.end - word.begin);
  }

  // Replaces each word by the ranges that `cover_word` finds in it, after `behavior`.
  template <class CoverWord>
  Status cut(SplitBehavior behavior, const CoverWord& cover_word) const {
    scratch.words.swap(words);
    words.clear();
    for (const Word& word : scratch.words) {
      GERBIL_CHECK_OK(cover_word(bytes(word)));
      apply(behavior, scratch.ranges);
      for (const MatchRange& range : scratch.ranges)
        if (range.begin < range.end)
          words.push_back({word.begin + static_cast<uint32_t>(range.begin),
                           word.begin + static_cast<uint32_t>(range.end)});
    }
    return {};
  }

  // Rewrites the text to the words laid end to end, each as append_word(word, out) writes it.
  template <class AppendWord>
  Status rewrite(const AppendWord& append_word) const {
    std::string& out = scratch.out;
    out.clear();
    if (!words.empty() && words.front().begin > 0) at_start = false;
    for (Word& word : words) {
      const size_t begin = out.size();
      append_word(word, out);
      if (out.size() > scratch.room) return outgrown();
      word = {static_cast<uint32_t>(begin), static_cast<uint32_t>(out.size())};
    }
    text.swap(out);
    return {};
  }

  Status operator()(const SplitStep& step) const {
    return cut(step.behavior, [&](std::string_view word) -> Status {
      GERBIL_CHECK_OK(cover(step.pattern, word, scratch.matcher, scratch.ranges));
      if (step.invert)
        for (MatchRange& range : scratch.ranges) range.match = !range.match;
      return {};
    });
  }

  Status operator()(const WordPatternStep& step) const {
    scratch.words.swap(words);
    words.clear();
    for (const Word& word : scratch.words) append_words(step.pattern, text, word, words);
    return {};
  }

  Status operator()(const CharacterSplitStep& step) const {
    const auto matches = [&](char32_t c) {
      const char32_t* one = std::get_if<char32_t>(&step.what);
      return one ? c == *one : is_in(std::get<CharacterClass>(step.what), c);
    };
    return cut(step.behavior, [&](std::string_view word) -> Status {
      scratch.ranges.clear();
      size_t begin = 0;
      for (size_t offset = 0; offset < word.size();) {
        const Utf8Step next = utf8_step(word, offset);
        const size_t end = offset + next.size;
        if (matches(next.codepoint)) {
          if (begin < offset) scratch.ranges.push_back({begin, offset, false});
          scratch.ranges.push_back({offset, end, true});
          begin = end;
        }
        offset = end;
      }
      if (begin < word.size()) scratch.ranges.push_back({begin, word.size(), false});
      return {};
    });
  }

  Status operator()(const WordRunsStep&) const {
    enum class Kind { kSpace, kWord, kOther };
    return cut(SplitBehavior::kRemoved, [&](std::string_view word) -> Status {
      scratch.ranges.clear();
      Kind previous = Kind::kSpace;
      for (size_t offset = 0; offset < word.size();) {
        const Utf8Step next = utf8_step(word, offset);
        const Kind kind = is_word_character(next.codepoint) ? Kind::kWord
                          : is_white_space(next.codepoint)  ? Kind::kSpace
                                                            : Kind::kOther;
        if (scratch.ranges.empty() || kind != previous)
          scratch.ranges.push_back({offset, offset, kind == Kind::kSpace});
        offset += next.size;
        scratch.ranges.back().end = offset;
        previous = kind;
      }
      return {};
    });
  }

  Status operator()(const PrefixSpaceStep&) const {
    return rewrite([&](const Word& word, std::string& out) {
      if (text[word.begin] != ' ') out += ' ';
      out += bytes(word);
    });
  }

  Status operator()(const MetaspaceStep& step) const {
    using Prepend = MetaspaceStep::Prepend;
    GERBIL_CHECK_OK(rewrite([&](const Word& word, std::string& out) {
      const bool first = word.begin == 0 && &word == words.data() && at_start;
      const bool prepend =
          step.prepend == Prepend::kAlways || (step.prepend == Prepend::kFirst && first);
      const std::string_view from = bytes(word);
      if (prepend && !from.starts_with(' ') && !from.starts_with(step.replacement))
        out += step.replacement;
      for (const char c : from) {
        if (c == ' ') {
          out += step.replacement;
        } else {
          out += c;
        }
      }
    }));
    if (!step.split) return {};
    const Pattern pattern = step.replacement;
    return cut(SplitBehavior::kMergedWithNext, [&](std::string_view word) {
      return cover(pattern, word, scratch.matcher, scratch.ranges);
    });
  }

  Status operator()(const AlphabetStep&) const {
    return rewrite(
        [&](const Word& word, std::string& out) { append_in_alphabet(bytes(word), out); });
  }
};

}  // namespace

Status split_words(Span<const PreTokenizerStep> steps, bool at_start, std::string& text,
                   SplitScratch& scratch, std::vector<Word>& words) {
  words.clear();
  if (text.empty()) return {};
  words.push_back({0, static_cast<uint32_t>(text.size())});
  for (const PreTokenizerStep& step : steps)
    GERBIL_CHECK_OK(std::visit(Run{scratch, text, words, at_start}, step));
  scratch.room -= std::min(scratch.room, text.size());
  return {};
}

}  // namespace gerbil::text
