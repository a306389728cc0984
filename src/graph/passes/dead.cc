#include "graph/passes/dead.h"

#include <algorithm>
#include <ranges>

namespace gerbil::graph {
namespace {

void drop_nodes(Graph& graph) {
  std::vector<bool> needed(graph.values.size());
  const auto is_needed = [&](ValueId id) { return needed[static_cast<size_t>(id)]; };
  for (const Tap& tap : graph.taps) needed[static_cast<size_t>(tap.value)] = true;
  std::vector<Node> kept;
  for (Node& node : std::views::reverse(graph.nodes)) {
    if (node.state < 0 && !is_answer(node.op) && std::ranges::none_of(node.outputs, is_needed))
      continue;
    for (ValueId id : node.inputs) needed[static_cast<size_t>(id)] = true;
    kept.push_back(std::move(node));
  }
  std::ranges::reverse(kept);
  graph.nodes = std::move(kept);
}

// Moves the used ones of `all` to the front of a new table, in the order of their first use.
template <class T>
class Renumber {
 public:
  explicit Renumber(std::vector<T>& all) : all_(all), number_(all.size(), -1) {}
  ~Renumber() { all_ = std::move(used_); }
  Renumber(const Renumber&) = delete;
  Renumber& operator=(const Renumber&) = delete;

  void operator()(int32_t& id) {
    int32_t& number = number_[static_cast<size_t>(id)];
    if (number < 0) {
      number = static_cast<int32_t>(used_.size());
      used_.push_back(std::move(all_[static_cast<size_t>(id)]));
    }
    id = number;
  }

 private:
  std::vector<T>& all_;
  std::vector<T> used_;
  std::vector<int32_t> number_;
};

void number_in_order(Graph& graph) {
  {
    Renumber values(graph.values);
    Renumber weights(graph.weights);
    for (Node& node : graph.nodes) {
      std::ranges::for_each(node.inputs, std::ref(values));
      std::ranges::for_each(node.weights, std::ref(weights));
      std::ranges::for_each(node.outputs, std::ref(values));
    }
    for (Tap& tap : graph.taps) values(tap.value);
  }
  Renumber ropes(graph.ropes);
  for (ValueInfo& info : graph.values)
    if (info.input == InputKind::kRopeTable) ropes(info.rope);
}

}  // namespace

Graph drop_dead(Graph graph) {
  drop_nodes(graph);
  number_in_order(graph);
  return graph;
}

}  // namespace gerbil::graph
