// forward: a model's own numbers over one prompt, to a safetensors file: logits of all positions
// and, if asked for, every tapped hidden state and the recurrent states after the prompt. Tests and
// people compare these with other implementations.
//
// Logits go to the file as they are computed; hidden states are held until the end (they are
// written behind them).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/runner.h"

namespace gerbil::runtime {

struct ForwardInput {
  std::vector<int32_t> ids;
  bool taps = false;
};

Status forward(Runner& runner, const ForwardInput& input, const std::string& output_file);

// "input_ids" of a safetensors file: [T] or [1, T], I64 or I32, no more than the runner's context
// and all of its vocabulary. Beside it only attention_mask (ones) and mm_token_type_ids (zeros).
Result<std::vector<int32_t>> read_input_ids(const std::string& file, const Runner& runner);

}  // namespace gerbil::runtime
