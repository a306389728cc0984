// Family: everything gerbil knows of a model architecture, as one row of the table in families.cc:
// how to parse its config, which stored tensors make up which weight, and how to build its graph.
// A new family is a new row and a file in model/families/, nothing else
// (docs/adding-a-model-family.md).
//
// All of it is constant data and pure functions: any thread.
#pragma once

#include <array>
#include <string_view>

#include "base/json.h"
#include "base/span.h"
#include "graph/builder.h"
#include "graph/weights.h"
#include "model/config_reader.h"
#include "model/model_config.h"
#include "model/vision_config.h"

namespace gerbil::model {

// Where a weight stands, which decides what is put before its names:
enum class Where : uint8_t {
  kTop,                    // nothing: beside the text model
  kText,                   // stored below NameTable::text_prefix
  kEveryLayer,             // stored below PREFIX.layers.N, role below layers.N
  kAttentionLayers,        // likewise, in layers of full or sliding attention alone
  kLinearAttentionLayers,  // likewise, in the others
  kDenseLayers,            // likewise, in layers with one feed-forward network
  kSparseLayers,           // likewise, in layers with experts
  kVision,                 // stored below VisionFamily::prefix, role below vision
  kVisionBlocks,           // likewise PREFIX.blocks.N, vision.blocks.N
};

enum class Presence : uint8_t {
  kRequired,
  kOptional,
  kUnlessTied,  // an output head: optional, but required where the config says that it is not tied
};

// One weight role and the stored tensors that it is made of, concatenated along their first
// dimension. A star in a name stands for the number of an expert: all names of expert 0, then all
// of expert 1, and so on.
struct NameRow {
  std::string_view role;  // "attention.qkv"
  Where where = Where::kText;
  std::array<std::string_view, 4> hf{};  // in Hugging Face checkpoints; empty ones end the list
  Presence presence = Presence::kRequired;
  graph::LoadTransform transform = graph::LoadTransform::kNone;
  std::string_view whole{};  // experts in one tensor: its name, in checkpoints that have it

  Span<const std::string_view> parts() const {
    size_t count = 0;
    while (count < hf.size() && !hf[count].empty()) ++count;
    return {hf.data(), count};
  }
};

// Tensors that this build leaves alone, by the beginning of their name.
struct SkipRule {
  std::string_view name;    // "vision": for people
  std::string_view prefix;  // "model.visual."
};

struct NameTable {
  std::string_view text_prefix;  // "model.language_model" or "model"
  Span<const NameRow> rows;
  Span<const SkipRule> skip;
};

// The encoder of pictures of a family, where it has one.
struct VisionFamily {
  std::string_view prefix;  // "model.visual"
  Span<const NameRow> names;
  Result<VisionConfig> (*parse_config)(const ConfigInput& input, const ModelConfig& text);
  // From the patches of a step to rows of the text model.
  void (*build)(graph::Scope root, const VisionConfig& config);
};

struct Family {
  std::string_view architecture;  // architectures[0] of config.json
  std::string_view model_type;    // decides where `architectures` is absent
  NameTable names;
  Result<ModelConfigPtr> (*parse_config)(const ConfigInput& input);
  // Writes the text step from token ids to the sample. `config` is what parse_config made.
  void (*build_text)(graph::Scope root, const ModelConfig& config);
  const VisionFamily* vision = nullptr;
};

Span<const Family> families();

// The row for a config.json: an error names the architecture and lists the known ones.
Result<const Family*> find_family(const json::Fields& config);

}  // namespace gerbil::model
