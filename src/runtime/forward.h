// forward: a model's own numbers over one prompt, to a safetensors file: logits of all positions
// and, if asked for, every tapped hidden state and the recurrent states after the prompt; with
// pictures or videos also their patches, grids, the positions and what the encoder makes of them.
// Tests and people compare these with other implementations.
//
// Logits go to the file as they are computed; hidden states are held until the end (they are
// written behind them).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/runner.h"
#include "runtime/soft_prompt.h"

namespace gerbil::runtime {

// Pictures or videos as the processors of Hugging Face write them.
struct ForwardMedia {
  std::vector<Grid> grids;
  std::vector<float> patches;  // [patches of all grids][numbers of a patch]
};

struct ForwardInput {
  std::vector<int32_t> ids;
  bool taps = false;
  ForwardMedia pictures{}, videos{};
  std::vector<TokenType> types{};  // [ids]; empty: told by the ids
};

Status forward(Runner& runner, const ForwardInput& input, const std::string& output_file);

// A safetensors file: "input_ids" [T] or [1, T], I64 or I32, no more than the runner's context and
// all of its vocabulary; attention_mask (ones); and what stands in the places of pictures and
// videos: pixel_values [patches, numbers], image_grid_thw [pictures, 3], pixel_values_videos,
// video_grid_thw, mm_token_type_ids [T].
Result<ForwardInput> read_forward_input(const std::string& file, const Runner& runner);

// Does the file hold pictures or videos?
Result<bool> has_media(const std::string& file);

}  // namespace gerbil::runtime
