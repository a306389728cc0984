#include "model/model.h"

#include <algorithm>

#include "base/check.h"
#include "base/json.h"

namespace gerbil::model {
namespace {

// A real config has a few hundred values.
constexpr json::Limits kConfigLimits{.max_depth = 32, .max_values = 1 << 20, .max_bytes = 16 << 20};

// Text models keep the architecture of what they were made from.
bool has_vision(const VisionFamily& family, const json::Fields& config,
                const format::Checkpoint& checkpoint) {
  return config.has("vision_config") &&
         std::ranges::any_of(checkpoint.tensors, [&](const auto& tensor) {
           return tensor.first.starts_with(family.prefix);
         });
}

}  // namespace

Result<Model> load_model(std::string_view config_text, std::string_view config_name,
                         const format::Checkpoint& checkpoint, const LogSink& log,
                         VisionWish vision) {
  GERBIL_TRY(const json::Value root, json::parse(config_text, config_name, kConfigLimits));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, config_name));
  Model model;
  GERBIL_TRY(model.family, find_family(fields));
  const std::string_view architecture = model.family->architecture;
  GERBIL_TRY(model.config, model.family->parse_config({fields, architecture, log}));
  const VisionFamily* seen = vision != VisionWish::kNo ? model.family->vision : nullptr;
  if (vision == VisionWish::kYes && seen == nullptr)
    return unsupported("{}: {} takes text alone, no pictures or videos", config_name, architecture);
  if (vision == VisionWish::kIfAny && seen != nullptr && !has_vision(*seen, fields, checkpoint))
    seen = nullptr;
  if (seen != nullptr) {
    GERBIL_TRY(model.vision, seen->parse_config({fields, architecture, log}, *model.config));
  }
  const VisionNames claimed{seen, seen != nullptr ? model.vision->depth : 0};
  GERBIL_TRY(NameMap names,
             map_names(model.family->names, architecture, *model.config, checkpoint, claimed));
  model.weights = std::move(names.weights);
  model.report = std::move(names.report);
  return model;
}

Result<graph::Graph> build_text_graph(const Model& model) {
  graph::Builder builder(model.weights);
  model.family->build_text(builder.root(), *model.config);
  return builder.finish();
}

Result<graph::Graph> build_vision_graph(const Model& model) {
  GERBIL_ASSERT(model.vision.has_value());
  graph::Builder builder(model.weights);
  model.family->vision->build(builder.root(), *model.vision);
  return builder.finish();
}

}  // namespace gerbil::model
