// VisionConfig: an encoder of pictures, as its config says: a transformer over patches whose output
// rows stand in for a text model's embeddings. Plain immutable data; sizes have been checked
// against hostile values.
#pragma once

#include <cstdint>

namespace gerbil::model {

struct VisionConfig {
  int64_t depth = 0;
  int64_t hidden = 0;
  int64_t heads = 0;
  int64_t intermediate = 0;
  int64_t out_hidden = 0;  // that of the text model
  int64_t channels = 0;
  int64_t patch_size = 0;           // pixels of a patch's side
  int64_t temporal_patch_size = 0;  // frames of a patch
  int64_t merge_size = 0;           // patches of the side of a square that becomes a row
  int64_t table_side = 0;           // of the square table of learned positions
  double rope_theta = 0;

  int64_t head_dim() const { return hidden / heads; }
  int64_t patch_numbers() const { return channels * temporal_patch_size * patch_size * patch_size; }
  int64_t merged() const { return merge_size * merge_size; }
};

}  // namespace gerbil::model
