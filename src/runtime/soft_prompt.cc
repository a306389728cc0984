#include "runtime/soft_prompt.h"

#include <algorithm>

namespace gerbil::runtime {
namespace {

struct Kind {
  TokenType type;
  std::string_view name;
  Span<const Grid> grids;
  size_t next = 0;         // of the grids
  int64_t next_frame = 0;  // of that grid: its temporal patches stand apart
  int64_t rows = 0;        // so far
};

}  // namespace

std::vector<TokenType> token_types(Span<const int32_t> ids, std::optional<int32_t> picture,
                                   std::optional<int32_t> video) {
  std::vector<TokenType> types;
  types.reserve(ids.size());
  for (const int32_t id : ids)
    types.push_back(id == picture ? TokenType::kPicture
                    : id == video ? TokenType::kVideo
                                  : TokenType::kText);
  return types;
}

Result<SoftPrompt> lay_out(Span<const TokenType> types, Span<const Grid> pictures,
                           Span<const Grid> videos, int64_t merge) {
  Kind kinds[] = {{TokenType::kPicture, "picture", pictures}, {TokenType::kVideo, "video", videos}};
  SoftPrompt prompt;
  prompt.positions.reserve(types.size() * 3);
  int64_t current = 0;
  int64_t largest = -1;
  const auto add = [&](int64_t t, int64_t h, int64_t w) {
    for (const int64_t place : {t, h, w}) {
      prompt.positions.push_back(static_cast<int32_t>(place));
      largest = std::max(largest, place);
    }
  };
  size_t at = 0;
  while (at < types.size()) {
    if (types[at] == TokenType::kText) {
      add(current, current, current);
      ++current;
      ++at;
      continue;
    }
    Kind& kind = types[at] == TokenType::kPicture ? kinds[0] : kinds[1];
    if (kind.next == kind.grids.size())
      return invalid("the prompt has more places for {}s than there are {}s ({})", kind.name,
                     kind.name, kind.grids.size());
    const Grid& grid = kind.grids[kind.next];
    const bool video = kind.type == TokenType::kVideo;
    const int64_t frames = video ? 1 : grid.t;  // a video's temporal patches are told apart
    const int64_t rows = grid.h / merge;
    const int64_t columns = grid.w / merge;
    const int64_t count = frames * rows * columns;
    const auto end = std::find_if(types.begin() + static_cast<ptrdiff_t>(at), types.end(),
                                  [&](TokenType type) { return type != kind.type; });
    const int64_t found = end - (types.begin() + static_cast<ptrdiff_t>(at));
    if (found < count)
      return invalid("{} {}: expected {} places in the prompt, found {}", kind.name, kind.next + 1,
                     count, found);
    for (int64_t t = 0; t < frames; ++t)
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < columns; ++column)
          add(current + t, current + row, current + column);
    prompt.spans.push_back({.first = static_cast<int64_t>(at),
                            .count = count,
                            .video = video,
                            .first_row = kind.rows});
    current += std::max(rows, columns);
    kind.rows += count;
    at += static_cast<size_t>(count);
    if (video && ++kind.next_frame < grid.t) continue;
    kind.next_frame = 0;
    ++kind.next;
  }
  for (const Kind& kind : kinds)
    if (kind.next != kind.grids.size())
      return invalid("the prompt has places for {} {}s, but there are {}", kind.next, kind.name,
                     kind.grids.size());
  prompt.delta = static_cast<int32_t>(largest + 1 - static_cast<int64_t>(types.size()));
  return prompt;
}

void mark_content(const SoftPrompt& prompt, Span<int32_t> ids) {
  for (const SoftSpan& span : prompt.spans)
    for (int64_t i = 0; i < span.count; ++i) {
      const auto place = static_cast<size_t>(span.first + i);
      if (place >= ids.size()) return;
      // splitmix64's finish; negative: no token has such a number.
      uint64_t mixed = span.content + static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15U;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
      ids[place] = static_cast<int32_t>(0x80000000U | static_cast<uint32_t>(mixed >> 32));
    }
}

void StepRows::clear(int32_t position_axes) {
  token.clear();
  position.clear();
  soft.clear();
  axes = position_axes;
}

void StepRows::add(const SoftPrompt* prompt, Span<const int32_t> ids, int64_t begin) {
  const auto first_row = static_cast<int64_t>(token.size());
  const auto end = begin + static_cast<int64_t>(ids.size());
  token.insert(token.end(), ids.begin(), ids.end());
  const bool soft_prompt = prompt != nullptr && !prompt->empty();
  for (int64_t place = begin; place < end; ++place) {
    const auto at = static_cast<size_t>(place) * 3;
    const bool told = soft_prompt && at < prompt->positions.size();
    const auto behind = static_cast<int32_t>(place + (soft_prompt ? prompt->delta : 0));
    for (int32_t axis = 0; axis < axes; ++axis)
      position.push_back(told ? prompt->positions[at + static_cast<size_t>(axis)] : behind);
  }
  if (!soft_prompt) return;
  for (const SoftSpan& span : prompt->spans) {
    const int64_t from = std::max(begin, span.first);
    const int64_t to = std::min(end, span.first + span.count);
    for (int64_t place = from; place < to; ++place) {
      const int64_t row = first_row + place - begin;
      token[static_cast<size_t>(row)] = graph::kSoft;
      soft.push_back({static_cast<int32_t>(row),
                      span.rows->data() + (span.first_row + place - span.first) * prompt->dim});
    }
  }
}

}  // namespace gerbil::runtime
