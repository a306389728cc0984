#include "graph/view.h"

namespace gerbil::graph {

View apply_view(const Op& op, const View& input) {
  if (const auto* slice = std::get_if<Slice>(&op))
    return {input.base, input.offset + slice->head * input.head_stride + slice->dim,
            input.head_stride};
  return {input.base, input.offset, std::get<Reshape>(op).dim};
}

std::vector<View> find_views(const Graph& graph) {
  std::vector<View> views;
  views.reserve(graph.values.size());
  for (size_t id = 0; id < graph.values.size(); ++id)
    views.push_back(whole(graph, static_cast<ValueId>(id)));
  for (const Node& node : graph.nodes)
    if (is_view(node.op))
      views[static_cast<size_t>(node.outputs[0])] =
          apply_view(node.op, views[static_cast<size_t>(node.inputs[0])]);
  return views;
}

}  // namespace gerbil::graph
