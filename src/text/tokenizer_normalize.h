// Runs the steps of a normalizer on a stretch of text. Immutable steps; the scratch belongs to one
// thread. Texts are valid UTF-8.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/pattern_cover.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

inline constexpr size_t kMaxTextBytes = size_t{1} << 30;

struct NormalizeScratch {
  RegexMatcher matcher;
  std::vector<MatchRange> ranges;
  std::string out;
};

// `at_start`: whether the stretch begins where the text does; false afterwards if what stood there
// was removed. Errors: a regular expression that gave up; more than kMaxTextBytes.
Status normalize(Span<const NormalizerStep> steps, NormalizeScratch& scratch, std::string& text,
                 bool& at_start);

}  // namespace gerbil::text
