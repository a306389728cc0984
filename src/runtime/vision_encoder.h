// VisionEncoder: pictures and videos, as rows of patches, to rows that stand in for embeddings. It
// runs in pieces: whole pictures and temporal patches, several at once while they are small, so
// that its memory does not grow with how many there are.
//
// Made by Runner::load from a model that has an encoder; belongs to the driver thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "model/model.h"
#include "runtime/soft_prompt.h"

namespace gerbil::runtime {

// Weights of 8 bits where the text's have 8 or fewer, else as the text's.
backend::WeightChoice encoder_choice(backend::WeightChoice text);

class VisionEncoder {
 public:
  static constexpr int64_t kPiecePatches = 4096;

  struct Options {
    backend::WeightChoice weights = backend::WeightChoice::kStored;  // of the encoder
    bool int8_activations = false;
    const backend::PackedCache* cache = nullptr;  // used during load
    backend::Progress progress;
  };
  // `backend` must outlive it.
  static Result<std::unique_ptr<VisionEncoder>> load(const model::Model& model,
                                                     backend::Backend& backend,
                                                     const Options& options);

  const model::VisionConfig& config() const { return config_; }
  const graph::Graph& graph() const { return graph_; }
  // That of the last encode(), as it ran; null before the first.
  const backend::Plan* plan() const { return plan_.get(); }
  const backend::Weights& weights() const { return *weights_; }

  // Rows [first, first + count) of a tapped value, in order.
  using OnTap = std::function<void(std::string_view tap, Span<const float> rows)>;

  // Appends the groups' rows, [patches / merge^2][out_hidden]. `patches`: of all groups, in order.
  // `profile`, where given, becomes that of the last piece.
  Status encode(Span<const graph::PatchGroup> groups, Span<const float> patches,
                std::vector<float>& rows, const OnTap& on_tap = {},
                backend::StepProfile* profile = nullptr);

 private:
  VisionEncoder(backend::Backend& backend, const model::VisionConfig& config)
      : backend_(&backend), config_(config) {}

  Status run(Span<const graph::PatchGroup> groups, Span<const float> patches,
             std::vector<float>& rows, const OnTap& on_tap, backend::StepProfile* profile);
  Status make_room(int64_t patches, bool taps);

  backend::Backend* backend_;
  model::VisionConfig config_;
  graph::Graph graph_;
  std::shared_ptr<const backend::Weights> weights_;
  std::unique_ptr<backend::StateStore> no_states_;
  std::unique_ptr<backend::Plan> plan_;
  int64_t room_ = 0;  // patches of the plan
  bool taps_ = false;
  bool int8_activations_ = false;
};

// The groups of a picture or video.
void append_groups(const Grid& grid, std::vector<graph::PatchGroup>& groups);

}  // namespace gerbil::runtime
