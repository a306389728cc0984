// ModelConfig: what the config of every family says, in one vocabulary; and LayerType, the kinds of
// decoder layer. A family's own config adds its fields by inheritance and is read by that family's
// functions alone.
//
// Plain immutable data once parsed: share it between threads freely. Sizes are in elements and have
// been checked against hostile values, so that their products fit 64 bits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace gerbil::model {

enum class LayerType : uint8_t {
  kFullAttention,
  kSlidingAttention,
  kLinearAttention,  // Gated DeltaNet
};

// As configs spell it: "full_attention".
std::string_view name(LayerType type);

// Feed-forward layers made of experts, of which a router chooses some for each token.
struct ExpertsConfig {
  int64_t count = 0;
  int64_t top_k = 0;         // chosen for a token
  int64_t intermediate = 0;  // width of an expert
  bool normalise = false;    // the chosen ones' weights, so that their sum is 1
};

struct ModelConfig {
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t intermediate = 0;       // width of the dense feed-forward layers, where there are any
  std::vector<LayerType> layers;  // one for each decoder layer
  ExpertsConfig experts;
  std::vector<bool> sparse;      // has the layer experts? as many as layers; empty: none has
  float eps = 0;                 // of the RMS norms
  int64_t max_positions = 0;     // the default context
  int position_axes = 1;         // numbers in a rotary position: 1, or 3 (time, height, width)
  std::vector<int32_t> eos_ids;  // may be empty: generation_config.json knows better
  std::optional<bool> tied;      // tie_word_embeddings where the config says so
  std::optional<int32_t> image_token;
  std::optional<int32_t> video_token;

  int64_t layer_count() const { return static_cast<int64_t>(layers.size()); }
  bool is_sparse(int64_t layer) const {
    return !sparse.empty() && sparse[static_cast<size_t>(layer)];
  }
};

using ModelConfigPtr = std::shared_ptr<const ModelConfig>;

}  // namespace gerbil::model
