#include "graph/passes/decompose.h"

#include "graph/passes/dead.h"

namespace gerbil::graph {
namespace {

// Appends to `nodes` what a node means; one operator() a fused operation.
class Decomposer {
 public:
  Decomposer(Graph& graph, Node& node, std::vector<Node>& nodes)
      : graph_(graph), node_(node), nodes_(nodes) {}

  template <class T>
  void operator()(const T&) {  // not fused
    nodes_.push_back(std::move(node_));
  }

  void operator()(const Conv1d& op) {
    if (!op.silu) return nodes_.push_back(std::move(node_));
    const ValueId result = node_.outputs[0];
    const ValueId convolved = node_.outputs[0] = like(result);
    const std::string scope = node_.scope;
    node_.op = Conv1d{op.kernel, false};
    nodes_.push_back(std::move(node_));
    nodes_.push_back({.op = Silu{}, .inputs = {convolved}, .outputs = {result}, .scope = scope});
  }

  void operator()(const AddRmsNorm& op) {
    emit(Add{}, node_.inputs, node_.outputs[0]);
    emit(RmsNorm{op.eps}, {node_.outputs[0]}, node_.outputs[1], node_.weights);
  }

  void operator()(const RmsNormRope& op) {
    const ValueId norm = like(node_.outputs[0]);
    emit(RmsNorm{op.eps}, {node_.inputs[0]}, norm, node_.weights);
    emit(Rope{op.rotary_dim}, {norm, node_.inputs[1]}, node_.outputs[0]);
  }

  void operator()(const SiluMul&) {
    const ValueId silu = like(node_.outputs[0]);
    emit(Silu{}, {node_.inputs[0]}, silu);
    emit(Mul{}, {silu, node_.inputs[1]}, node_.outputs[0]);
  }

  void operator()(const SigmoidMul&) {
    const ValueId sigmoid = like(node_.outputs[0]);
    emit(Sigmoid{}, {node_.inputs[1]}, sigmoid);
    emit(Mul{}, {node_.inputs[0], sigmoid}, node_.outputs[0]);
  }

  void operator()(const GatedRmsNorm& op) {
    const ValueId norm = like(node_.outputs[0]);
    const ValueId silu = like(node_.outputs[0]);
    emit(RmsNorm{op.eps}, {node_.inputs[0]}, norm, node_.weights);
    emit(Silu{}, {node_.inputs[1]}, silu);
    emit(Mul{}, {norm, silu}, node_.outputs[0]);
  }

 private:
  // A new value of the same shape.
  ValueId like(ValueId id) {
    const ValueInfo info = graph_.values[static_cast<size_t>(id)];
    graph_.values.push_back(info);
    return static_cast<ValueId>(graph_.values.size() - 1);
  }

  void emit(Op op, std::vector<ValueId> inputs, ValueId output,
            std::vector<WeightId> weights = {}) {
    nodes_.push_back({.op = op,
                      .inputs = std::move(inputs),
                      .outputs = {output},
                      .weights = std::move(weights),
                      .scope = node_.scope});
  }

  Graph& graph_;
  Node& node_;
  std::vector<Node>& nodes_;
};

}  // namespace

Graph decompose(Graph graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const Op op = node.op;  // the node may be moved from while its operation is visited
    std::visit(Decomposer(graph, node, nodes), op);
  }
  graph.nodes = std::move(nodes);
  return drop_dead(std::move(graph));
}

}  // namespace gerbil::graph
