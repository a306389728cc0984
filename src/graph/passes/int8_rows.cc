#include "graph/passes/int8_rows.h"

#include "graph/view.h"

namespace gerbil::graph {

std::vector<ValueId> find_int8_rows(const Graph& graph, const Capabilities& writers) {
  std::vector<bool> written(graph.values.size(), false);
  for (const Node& node : graph.nodes)
    if (writers.has(kind_of(node.op)) && graph.shape(node.outputs.back()).rows != Rows::kWanted)
      written[static_cast<size_t>(node.outputs.back())] = true;

  const std::vector<View> views = find_views(graph);
  std::vector<ValueId> found(graph.values.size(), -1);
  for (const Node& node : graph.nodes) {
    if (!std::holds_alternative<Linear>(node.op)) continue;
    const ValueId input = node.inputs[0];
    const View& view = views[static_cast<size_t>(input)];
    const ValueShape& shape = graph.shape(input);
    const bool whole_rows = shape.width() == graph.shape(view.base).width() &&
                            shape.rows == graph.shape(view.base).rows && !has_gaps(view, shape);
    if (!written[static_cast<size_t>(view.base)] || !whole_rows) continue;
    found[static_cast<size_t>(input)] = view.base;
    found[static_cast<size_t>(view.base)] = view.base;
  }
  return found;
}

}  // namespace gerbil::graph
