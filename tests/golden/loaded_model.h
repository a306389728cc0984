// A checkpoint loaded through the rooms below the API, for tests that compare its numbers. Whatever
// fails throws std::runtime_error with the engine's own message. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "model/model.h"
#include "runtime/engine.h"
#include "runtime/forward.h"
#include "runtime/runner.h"
#include "support/safetensors_file.h"

namespace gerbil::testing {

// f32 choices: weights as stored, an f32 cache.
runtime::RunnerOptions f32_choices(bool reference, int64_t batch, int threads = 2);

class LoadedModel {
 public:
  // `vision`: with the encoder of pictures.
  LoadedModel(const std::filesystem::path& folder, const runtime::RunnerOptions& options,
              bool vision = false);

  // Everything that `gerbil forward --taps` writes, by name.
  StoredTensors forward(const std::vector<int32_t>& ids, bool taps = true);
  StoredTensors forward(const runtime::ForwardInput& input);
  // The most likely `count` tokens after a prompt, stop ids ignored.
  std::vector<int32_t> greedy(const std::vector<int32_t>& prompt, int64_t count);

  // Behind a prompt with pictures.
  std::vector<int32_t> greedy(const runtime::ForwardInput& prompt, int64_t count);

  runtime::VisionEncoder& encoder() { return *encoder_; }
  // What a graph that has the encoder's weights makes of pictures.
  std::vector<float> run_encoder(const graph::Graph& graph, const runtime::ForwardMedia& pictures);

  const model::Model& model() const { return model_; }
  runtime::Engine& engine() { return *engine_; }

 private:
  model::Model model_;
  std::unique_ptr<runtime::Engine> engine_;
  backend::Backend* backend_ = nullptr;
  runtime::VisionEncoder* encoder_ = nullptr;
};

}  // namespace gerbil::testing
