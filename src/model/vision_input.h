// What an encoder of pictures takes: pictures and videos as rows of patches. Plain values.
//
// A patch row is [channels][temporal][patch][patch], the x of a pixel fastest. Rows of one temporal
// patch follow in merge-block order: the merge*merge patches that become one token stand together,
// row by row, and so do the blocks. Temporal patches follow each other.
#pragma once

#include <cstdint>
#include <vector>

namespace gerbil::model {

// One picture or one video after preprocessing. Grids count patches.
struct VisionInput {
  int64_t grid_t = 0;
  int64_t grid_h = 0;
  int64_t grid_w = 0;
  std::vector<float> patches;      // [grid_t * grid_h * grid_w][channels * temporal * patch^2]
  std::vector<double> timestamps;  // [grid_t] seconds, of a video; empty for a picture

  int64_t patch_rows() const { return grid_t * grid_h * grid_w; }
  bool is_video() const { return !timestamps.empty(); }
};

}  // namespace gerbil::model
