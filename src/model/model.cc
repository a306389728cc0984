#include "model/model.h"

#include "base/json.h"

namespace gerbil::model {
namespace {

// A real config has a few hundred values.
constexpr json::Limits kConfigLimits{.max_depth = 32, .max_values = 1 << 20, .max_bytes = 16 << 20};

}  // namespace

Result<Model> load_model(std::string_view config_text, std::string_view config_name,
                         const format::Checkpoint& checkpoint, const LogSink& log) {
  GERBIL_TRY(const json::Value root, json::parse(config_text, config_name, kConfigLimits));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, config_name));
  Model model;
  GERBIL_TRY(model.family, find_family(fields));
  const std::string_view architecture = model.family->architecture;
  GERBIL_TRY(model.config, model.family->parse_config({fields, architecture, log}));
  GERBIL_TRY(NameMap names,
             map_names(model.family->names, architecture, *model.config, checkpoint));
  model.weights = std::move(names.weights);
  model.report = std::move(names.report);
  return model;
}

Result<graph::Graph> build_text_graph(const Model& model) {
  graph::Builder builder(model.weights);
  model.family->build_text(builder.root(), *model.config);
  return builder.finish();
}

}  // namespace gerbil::model
