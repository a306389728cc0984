#include "graph/weight_care.h"

#include <algorithm>

namespace gerbil::graph {

std::vector<WeightCare> weight_care(const Graph& graph) {
  std::vector<WeightCare> care(graph.weights.size(), WeightCare::kUsual);
  for (size_t id = 0; id < graph.weights.size(); ++id)
    if (graph.weights[id].use == WeightUse::kTable) care[id] = WeightCare::kMore;

  std::vector<bool> chooses(graph.values.size());
  for (const Node& node : graph.nodes)
    if (std::holds_alternative<Route>(node.op))
      for (ValueId id : node.inputs) chooses[static_cast<size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Linear>(node.op)) continue;
    WeightCare& of = care[static_cast<size_t>(node.weights.front())];
    const ValueId output = node.outputs.front();
    if (chooses[static_cast<size_t>(output)]) of = std::max(of, WeightCare::kExact);
    if (graph.shape(output).rows == Rows::kWanted) of = std::max(of, WeightCare::kMore);
  }
  return care;
}

}  // namespace gerbil::graph
