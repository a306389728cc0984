#include "cli/option_values.h"

#include <fmt/format.h>

#include <algorithm>

namespace gerbil::cli {

std::string in_quotes(std::string_view word) {
  constexpr size_t kLongest = 100;
  if (word.size() <= kLongest) return fmt::format("\"{}\"", word);
  return fmt::format("\"{}...\"", word.substr(0, kLongest));
}

Result<std::vector<int32_t>> parse_token_ids(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::vector<int32_t> ids;
  bool after_comma = false;
  while (true) {
    const size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n,"));
    const std::optional<int32_t> id = parse_number<int32_t>(word);
    if (!id || *id < 0) {
      return std::unexpected(
          Error{ErrorCode::kInvalidArgument,
                fmt::format("{} (number {}) is no token id", in_quotes(word), ids.size() + 1)});
    }
    ids.push_back(*id);
    text.remove_prefix(word.size());
    const size_t next = text.find_first_not_of(kBlank);
    after_comma = next != std::string_view::npos && text[next] == ',';
    if (after_comma) text.remove_prefix(next + 1);
  }
  if (ids.empty() || after_comma) {
    return std::unexpected(
        Error{ErrorCode::kInvalidArgument, ids.empty() ? "no token ids" : "ends in a comma"});
  }
  return ids;
}

Result<std::vector<int64_t>> parse_counts(std::string_view text, int64_t least, int64_t most) {
  std::vector<int64_t> counts;
  while (true) {
    const std::string_view word = text.substr(0, text.find(','));
    const std::optional<int64_t> count = parse_number<int64_t>(word);
    if (!count || *count < least || *count > most) {
      return std::unexpected(
          Error{ErrorCode::kInvalidArgument,
                fmt::format("expected whole numbers from {} to {}, separated by commas, found {}",
                            least, most, in_quotes(word))});
    }
    if (std::ranges::find(counts, *count) != counts.end()) {
      return std::unexpected(
          Error{ErrorCode::kInvalidArgument, fmt::format("{} is there twice", *count)});
    }
    counts.push_back(*count);
    if (word.size() == text.size()) return counts;
    text.remove_prefix(word.size() + 1);
  }
}

Result<std::vector<PixelSize>> parse_sizes(std::string_view text) {
  std::vector<PixelSize> sizes;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const size_t x = word.find('x');
    const auto side = [](std::string_view digits) {
      const auto number = parse_number<int64_t>(digits);
      return number && *number >= 1 && *number <= 65536 ? *number : 0;
    };
    const PixelSize size{side(word.substr(0, x)),
                         x == std::string_view::npos ? 0 : side(word.substr(x + 1))};
    if (size.width == 0 || size.height == 0)
      return std::unexpected(Error{
          ErrorCode::kInvalidArgument,
          fmt::format("expected WIDTHxHEIGHT, each from 1 to 65536, found {}", in_quotes(word))});
    sizes.push_back(size);
    begin = end + 1;
  }
  return sizes;
}

}  // namespace gerbil::cli
