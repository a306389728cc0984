// Values of options, read strictly: the whole text is the value or there is none. Pure functions.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gerbil/result.h"

namespace gerbil::cli {

// "12", "0.5": no sign but '-', no blanks, no other base; a number that is not finite is none.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

// A word of the command line as an error shows it: in quotes, and not longer than a line bears.
std::string in_quotes(std::string_view word);

// "1,2,3" or, as `gerbil tokenize` prints them, "1 2 3". At least one; none below 0.
Result<std::vector<int32_t>> parse_token_ids(std::string_view text);

// "512" or "0,2048": whole numbers from `least` to `most`, each once, in the order given.
Result<std::vector<int64_t>> parse_counts(std::string_view text, int64_t least, int64_t most);

// "1024x768" or "64x64,1024x768": width and height in pixels, each from 1 to 65536.
struct PixelSize {
  int64_t width = 0;
  int64_t height = 0;
};
Result<std::vector<PixelSize>> parse_sizes(std::string_view text);

}  // namespace gerbil::cli
