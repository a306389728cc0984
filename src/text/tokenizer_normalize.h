// Runs the steps of a normalizer on a stretch of text. Immutable steps; the scratch belongs to one
// thread. Texts are valid UTF-8.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/pattern_cover.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

inline constexpr size_t kMaxTextBytes = size_t{1} << 30;

// How long a text may become while it is normalized and cut into words, all its stretches together.
// Honest steps make it a dozen times as long at most (NFKD).
inline constexpr size_t kMaxGrowth = 64;
constexpr size_t room_for(size_t text_bytes) {
  return std::min(kMaxTextBytes, (text_bytes + 1024) * kMaxGrowth);
}
Status outgrown();

struct NormalizeScratch {
  RegexMatcher matcher;
  std::vector<MatchRange> ranges;
  std::string out;
  size_t room = kMaxTextBytes;  // what is left for the stretches to come
};

// `at_start`: whether the stretch begins where the text does; false afterwards if what stood there
// was removed. Errors: a regular expression that gave up; no room.
Status normalize(Span<const NormalizerStep> steps, NormalizeScratch& scratch, std::string& text,
                 bool& at_start);

}  // namespace gerbil::text
