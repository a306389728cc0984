// SoftPrompt: what of a prompt are not tokens: the rows of pictures and videos that take the place
// of embeddings, and the rotary positions that they bring about (interleaved M-RoPE, as
// transformers 5.17's get_rope_index).
//
// Plain data and pure functions: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "graph/batch.h"

namespace gerbil::runtime {

// Rows of an encoder's output, [rows][dim].
using EncodedRows = std::shared_ptr<const std::vector<float>>;

// A picture, or a temporal patch of a video.
struct SoftSpan {
  int64_t first = 0;  // places [first, first + count) of the prompt
  int64_t count = 0;
  bool video = false;
  EncodedRows rows;
  int64_t first_row = 0;  // of these: the first place's
  uint64_t content = 0;   // what tells it from others that take as many places
};

struct SoftPrompt {
  int64_t dim = 0;
  std::vector<SoftSpan> spans;     // ascending
  std::vector<int32_t> positions;  // [prompt][3]: time, height, width
  int32_t delta = 0;               // a place behind the prompt has the position place + delta

  bool empty() const { return spans.empty(); }
};

// In patches.
struct Grid {
  int64_t t = 0;
  int64_t h = 0;
  int64_t w = 0;

  int64_t patches() const { return t * h * w; }
};

// What a place of a prompt is.
enum class TokenType : uint8_t { kText = 0, kPicture = 1, kVideo = 2 };

std::vector<TokenType> token_types(Span<const int32_t> ids, std::optional<int32_t> picture,
                                   std::optional<int32_t> video);

// Positions, and spans without rows: `first_row` counts the rows of all pictures, and apart from
// them those of all videos. `merge`: patches of the side of a square that becomes a row. An error
// says where there are more places than pictures, or the reverse.
Result<SoftPrompt> lay_out(Span<const TokenType> types, Span<const Grid> pictures,
                           Span<const Grid> videos, int64_t merge);

// The prompt's ids with a number of the content's in every place that is no token: what may be
// kept of a conversation is told by these.
void mark_content(const SoftPrompt& prompt, Span<int32_t> ids);

// Rows of a step: token, position and soft rows of places [begin, begin + ids.size()) are appended;
// `prompt` may be null: text.
struct StepRows {
  std::vector<int32_t> token;
  std::vector<int32_t> position;  // [rows][axes]
  std::vector<graph::SoftRow> soft;
  int32_t axes = 1;

  void clear(int32_t position_axes);
  void add(const SoftPrompt* prompt, Span<const int32_t> ids, int64_t begin);
};

}  // namespace gerbil::runtime
