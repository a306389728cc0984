// same_meaning: do two graphs compute the same, whatever the numbers and order of their nodes? For
// tests only.
//
// Each value is told by the expression that computes it: operation, attributes, weights and states
// by name, operands likewise (those of a product in any order). Two graphs mean the same if they
// hold the same expressions, and the same one under each tap.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/print.h"

namespace gerbil::graph::testing {

struct Meaning {
  std::multiset<std::string> nodes;
  std::map<std::string, std::string> taps;

  friend bool operator==(const Meaning&, const Meaning&) = default;
};

// `names` gives equal expressions of both graphs equal short names.
inline Meaning meaning(const Graph& graph, std::map<std::string, std::string>& names) {
  const auto name_of = [&](const std::string& expression) {
    const auto found = names.try_emplace(expression, "#" + std::to_string(names.size()));
    return found.first->second;
  };
  std::vector<std::string> values(graph.values.size());
  for (size_t id = 0; id < values.size(); ++id) {
    const ValueInfo& info = graph.values[id];
    if (info.input == InputKind::kToken) values[id] = "token";
    if (info.input != InputKind::kRopeTable) continue;
    const RopeSpec& rope = graph.ropes[static_cast<size_t>(info.rope)];
    values[id] = "rope";
    for (float frequency : rope.inv_freq) values[id] += " " + std::to_string(frequency);
    for (uint8_t axis : rope.axis) values[id] += " " + std::to_string(axis);
  }
  Meaning result;
  for (const Node& node : graph.nodes) {
    // The printed node alone has the operation, attributes, weights and state; its operands are
    // replaced by their meaning, its scope is for people.
    Graph alone{.weights = graph.weights, .states = graph.states};
    alone.nodes.push_back(node);
    alone.nodes[0].inputs.clear();
    alone.nodes[0].outputs.clear();
    alone.nodes[0].scope.clear();
    const std::string all = print(alone);
    std::string expression = all.substr(all.find(" = "));
    std::vector<std::string> operands;
    operands.reserve(node.inputs.size());
    for (ValueId id : node.inputs) operands.push_back(values[static_cast<size_t>(id)]);
    if (std::holds_alternative<Mul>(node.op)) std::ranges::sort(operands);
    for (const std::string& operand : operands) expression += " " + operand;
    for (ValueId id : node.outputs) expression += " " + to_string(graph.shape(id));
    const std::string name = name_of(expression);
    result.nodes.insert(name);
    for (size_t i = 0; i < node.outputs.size(); ++i)
      values[static_cast<size_t>(node.outputs[i])] = name + "." + std::to_string(i);
  }
  for (const Tap& tap : graph.taps) result.taps[tap.name] = values[static_cast<size_t>(tap.value)];
  return result;
}

inline bool same_meaning(const Graph& a, const Graph& b) {
  std::map<std::string, std::string> names;
  return meaning(a, names) == meaning(b, names);
}

}  // namespace gerbil::graph::testing
