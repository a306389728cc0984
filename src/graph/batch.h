// Batch: one step's input, ragged rows of one or many sequences. Prefill, decode, continuous
// batching and the verification of drafted tokens are all the same step; nothing of a batch is
// baked into a plan.
//
// A Batch is a set of views: whoever made it keeps the memory alive until the step's Submission has
// been taken.
#pragma once

#include <cstdint>

#include "base/span.h"

namespace gerbil::graph {

inline constexpr int64_t kPagePositions = 32;  // positions in a KV page
inline constexpr int64_t kMaxWantedRows = 64;  // rows of logits computed at a time
inline constexpr int32_t kMaxLogprobs = 20;  // alternatives to a token, see SampleParams::logprobs
inline constexpr int32_t kFromStep =
    -1;  // Batch::token: the id that the step before samples, see from_wanted
inline constexpr int32_t kSoft = -2;       // Batch::token: the row comes from Batch::soft
inline constexpr int32_t kZeroState = -1;  // Run::state_in: a new sequence
inline constexpr int32_t kNoPage = -1;     // in a page table: given back (behind the window)

// A row of an encoder's output, [dim] floats, that takes the place of an embedding.
struct SoftRow {
  int32_t row = 0;  // which row of the batch
  const float* values = nullptr;
};

// After row `after_row` of the batch (a row of the run that holds this write) the run's recurrent
// states are stored in `slot`. The slot may be the run's own state_in.
struct StateWrite {
  int32_t after_row = 0;
  int32_t slot = 0;
};

struct Run {
  int32_t first = 0;  // rows [first, first + count)
  int32_t count = 0;
  Span<const Span<const int32_t>>
      page_tables;                // [kv state number] -> page of positions [32 i, 32 i + 32)
  int32_t state_in = kZeroState;  // slot to read
  Span<const StateWrite> writes;  // ascending by row
  int32_t adapter = 0;            // 0: none
};

// Copies a whole page before the step: a shared, partly filled page is about to be written.
struct PageCopy {
  int32_t pool = 0;
  int32_t from = 0;
  int32_t to = 0;
};

// Added to an id's logit; -infinity forbids it.
struct LogitBias {
  int32_t id = 0;
  float bias = 0;
};

// An id that the sequence holds.
struct SeenToken {
  int32_t id = 0;
  int32_t drawn = 0;  // how often the answer has it; 0: only the prompt
};

// How the next token after a wanted row is drawn; see kernels/sample.
struct SampleParams {
  float temperature = 0;  // 0: greedy
  int32_t top_k = 0;      // 0: all
  float top_p = 1;
  float min_p = 0;
  uint64_t seed = 0;
  uint64_t position = 0;  // place of the new token in its sequence: the random counter
  float repetition_penalty = 1;
  float presence_penalty = 0;
  float frequency_penalty = 0;
  int32_t logprobs = -1;       // alternatives whose log probabilities are wanted; -1: none at all
  Span<const LogitBias> bias;  // each id once
  // Each id of the sequence once, in the order of their first place, so that a device's copy only
  // grows; empty where there is no penalty. An id that a step in flight draws (kFromStep) is
  // missing or counted once too little: the kernel adds it.
  Span<const SeenToken> seen;

  bool has_penalty() const {
    return repetition_penalty != 1 || presence_penalty != 0 || frequency_penalty != 0;
  }
};

// Patches that see each other: a picture, or the frames of a video that lie at the same time. In
// the order of merged squares: squares row by row, and in each its patches row by row.
struct PatchGroup {
  int32_t rows = 0;  // multiples of PatchLayout::merge_side
  int32_t columns = 0;

  int64_t patches() const { return int64_t{rows} * columns; }
};

// A step of an encoder of pictures has patches and groups alone; that of a decoder neither.
struct Batch {
  Span<const int32_t> token;  // [rows] id, kFromStep or kSoft
  Span<const int32_t>
      from_wanted;  // [rows] or empty: row of the step before's `wanted`, where token is kFromStep
  Span<const SoftRow> soft;  // ascending by row
  Span<const int32_t>
      position;  // [rows * position_axes] rotary position: not the cache index (M-RoPE)
  int32_t position_axes = 1;  // 1, or 3 (time, height, width)
  Span<const int32_t> index;  // [rows] place in the sequence: where K and V go
  Span<const int32_t>
      see_until;         // [rows] last index a row may attend to: itself, or the end of its span
  Span<const Run> runs;  // one per sequence; together they cover the rows in order
  Span<const int32_t> wanted;         // rows whose logits or sample are wanted, ascending
  Span<const SampleParams> sampling;  // [wanted], or empty: logits only
  Span<const PageCopy> copies;
  Span<const float> patches;      // [patches of all groups][numbers of a patch]
  Span<const PatchGroup> groups;  // together they cover the patches in order

  int64_t rows() const { return static_cast<int64_t>(token.size()); }
};

}  // namespace gerbil::graph
