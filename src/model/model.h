// Model: a checkpoint understood: its family, its config, and which stored tensors are which
// weights. No weight has been read; the tensors' sources must stay readable for as long as weights
// are packed from it.
//
// Immutable once loaded: share it between threads freely. Errors are one line that names the config
// field or the file and tensor.
#pragma once

#include <optional>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "format/checkpoint.h"
#include "graph/graph.h"
#include "graph/weights.h"
#include "model/family.h"
#include "model/name_map.h"

namespace gerbil::model {

struct Model {
  const Family* family = nullptr;
  ModelConfigPtr config;
  std::optional<VisionConfig> vision;  // where it was asked for
  graph::WeightMap weights;
  LoadReport report;
};

// Is the encoder of pictures part of the model? kYes: an error where there is none.
enum class VisionWish : uint8_t { kNo, kIfAny, kYes };

// `config_text` is the whole config.json, `config_name` what errors call it. `log` hears of config
// keys that are not known and ignored; it may be empty.
Result<Model> load_model(std::string_view config_text, std::string_view config_name,
                         const format::Checkpoint& checkpoint, const LogSink& log = {},
                         VisionWish vision = VisionWish::kNo);

// The text step: token ids to hidden states, logits and samples. Here the tensors' shapes are
// checked. Its taps and states are named as model/blocks/decoder.h says, and
// conv_state.layerN [channels, kernel], recurrent_state.layerN [value heads, key dim, value dim],
// kv.layerN.
Result<graph::Graph> build_text_graph(const Model& model);

// The encoder of pictures: patches of a step to rows that stand in for embeddings (tap vis.merger).
// Where Model::vision is set.
Result<graph::Graph> build_vision_graph(const Model& model);

}  // namespace gerbil::model
