// Reading a model's config.json: the parts that families share, and the rule of strictness.
//
// Strict both ways: a value that is missing, out of range or contradictory is an error naming file,
// field, what was expected and what was found; so is a key that is known to change the maths and
// that the family does not read. Other unknown keys (real repositories carry odd ones) become a
// note in the log. Nothing here keeps state: any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "model/model_config.h"

namespace gerbil::model {

// What a family's parser is given.
struct ConfigInput {
  const json::Fields& root;
  std::string_view architecture;  // for messages
  const LogSink& log;
};

// Bounds on sizes, far above any model there is, and so that every weight and state of a layer fits
// graph::kMaxElements.
inline constexpr int64_t kMaxLayers = 1024;
inline constexpr int64_t kMaxHeads = 1024;
inline constexpr int64_t kMaxHeadDim = 1024;
inline constexpr int64_t kMaxHidden = 1 << 17;
inline constexpr int64_t kMaxWidth = 1 << 20;  // of the feed-forward layer
inline constexpr int64_t kMaxVocab = 1 << 23;
inline constexpr int64_t kMaxPositions = 1 << 30;
inline constexpr int64_t kMaxConvKernel = 64;
inline constexpr int64_t kMaxExperts = 4096;

// Every member of `fields` must be in `read` (what the family reads or knows to be harmless) or in
// the common list of harmless keys. Otherwise it is noted, or refused where it changes the maths.
Status check_keys(const json::Fields& fields, Span<const std::string_view> read,
                  const ConfigInput& input);

// hidden_size, num_hidden_layers (checked only: see read_layer_types), vocab_size, rms_norm_eps,
// max_position_embeddings, eos_token_id, tie_word_embeddings; and hidden_act, which must be silu.
Status read_common(const json::Fields& text, ModelConfig& config);

// A width of feed-forward layers.
Result<int64_t> read_width(const json::Fields& text, std::string_view key);

// num_experts (or num_local_experts, as new configs call it), num_experts_per_tok and
// moe_intermediate_size. Needs config.hidden.
Status read_experts(const json::Fields& text, ModelConfig& config);

// A size that divides `whole` (the value of `whole_key`); `fallback` where it is absent, if given.
Result<int64_t> read_divisor(const json::Fields& fields, std::string_view key, int64_t whole,
                             std::string_view whole_key,
                             std::optional<int64_t> fallback = std::nullopt);

// An even head_dim: rotary pairs need it.
Result<int64_t> read_head_dim(const json::Fields& fields, int64_t fallback);

// The explicit list `layer_types`, of num_hidden_layers entries, each one of `allowed`; nothing
// where the config has none.
Result<std::optional<std::vector<LayerType>>> read_layer_types(const json::Fields& text,
                                                               Span<const LayerType> allowed);
Result<int64_t> read_layer_count(const json::Fields& text);

// The id of a token that the vocabulary has.
Result<std::optional<int32_t>> read_token_id(const json::Fields& fields, std::string_view key,
                                             int64_t vocab);

// What rotary settings a family understands; everything else is refused.
struct RopeRules {
  double partial_factor = 1;  // where the config names none; 1: no other value is allowed
  std::vector<int64_t> mrope_section{};  // likewise; empty: none is allowed
};

struct RopeConfig {
  double theta = 0;
  int64_t rotary_dim = 0;
  std::vector<int64_t> mrope_section;  // three entries, or empty
};

// From rope_parameters (new configs), or rope_theta, partial_rotary_factor and rope_scaling.
Result<RopeConfig> read_rope(const json::Fields& text, int64_t head_dim, const RopeRules& rules);

}  // namespace gerbil::model
