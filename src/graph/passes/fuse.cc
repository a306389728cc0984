#include "graph/passes/fuse.h"

#include <algorithm>

#include "graph/passes/dead.h"

namespace gerbil::graph {
namespace {

class Fuser {
 public:
  Fuser(Graph graph, const Capabilities& capabilities)
      : graph_(std::move(graph)),
        capabilities_(capabilities),
        producer_(graph_.values.size(), -1),
        uses_(graph_.values.size(), 0),
        gone_(graph_.nodes.size()) {
    for (size_t number = 0; number < graph_.nodes.size(); ++number) {
      const Node& node = graph_.nodes[number];
      for (ValueId id : node.outputs) producer_[index(id)] = static_cast<int32_t>(number);
      for (ValueId id : node.inputs) ++uses_[index(id)];
    }
    for (const Tap& tap : graph_.taps) ++uses_[index(tap.value)];
  }

  Graph run() {
    for_each<Mul, GatedRmsNorm>([&](size_t mul) { gated_rms_norm(mul); });
    for_each<Mul, SiluMul>([&](size_t mul) { silu_mul(mul); });
    for_each<Mul, SigmoidMul>([&](size_t mul) { sigmoid_mul(mul); });
    for_each<Silu, Conv1d>([&](size_t silu) { conv1d_silu(silu); });
    for_each<Rope, RmsNormRope>([&](size_t rope) { rms_norm_rope(rope); });
    for_each<RmsNorm, AddRmsNorm>([&](size_t norm) { add_rms_norm(norm); });
    size_t number = 0;
    std::erase_if(graph_.nodes, [&](const Node&) { return gone_[number++]; });
    return drop_dead(std::move(graph_));
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id); }

  // Calls `match` with each node of operation Last, if the backend has the operation Fused.
  template <class Last, class Fused, class Match>
  void for_each(Match match) {
    if (!capabilities_.has(kOpKindOf<Fused>)) return;
    for (size_t number = 0; number < graph_.nodes.size(); ++number)
      if (!gone_[number] && std::holds_alternative<Last>(graph_.nodes[number].op)) match(number);
  }

  // The node that computes `id`, if it is a T; nullptr otherwise.
  template <class T>
  const Node* producer(ValueId id) const {
    const int32_t number = producer_[index(id)];
    if (number < 0) return nullptr;
    const Node& node = graph_.nodes[static_cast<size_t>(number)];
    return std::holds_alternative<T>(node.op) ? &node : nullptr;
  }
  // The same, if `id` may disappear: its one reader is the caller's.
  template <class T>
  const Node* inner(ValueId id) const {
    return uses_[index(id)] == 1 ? producer<T>(id) : nullptr;
  }

  void remove(const Node& node) { gone_[static_cast<size_t>(&node - graph_.nodes.data())] = true; }

  void gated_rms_norm(size_t number) {
    Node& mul = graph_.nodes[number];
    for (size_t side : {0, 1}) {
      const Node* norm = inner<RmsNorm>(mul.inputs[side]);
      const Node* silu = inner<Silu>(mul.inputs[1 - side]);
      if (norm == nullptr || silu == nullptr || norm->weights.empty()) continue;
      mul.op = GatedRmsNorm{std::get<RmsNorm>(norm->op).eps};
      mul.inputs = {norm->inputs[0], silu->inputs[0]};
      mul.weights = norm->weights;
      remove(*norm);
      remove(*silu);
      return;
    }
  }

  void silu_mul(size_t number) {
    Node& mul = graph_.nodes[number];
    for (size_t side : {0, 1}) {
      const Node* silu = inner<Silu>(mul.inputs[side]);
      if (silu == nullptr) continue;
      mul.op = SiluMul{};
      mul.inputs = {silu->inputs[0], mul.inputs[1 - side]};
      remove(*silu);
      return;
    }
  }

  void sigmoid_mul(size_t number) {
    Node& mul = graph_.nodes[number];
    for (size_t side : {1, 0}) {
      const Node* sigmoid = inner<Sigmoid>(mul.inputs[side]);
      if (sigmoid == nullptr) continue;
      mul.op = SigmoidMul{};
      mul.inputs = {mul.inputs[1 - side], sigmoid->inputs[0]};
      remove(*sigmoid);
      return;
    }
  }

  // At the place of the convolution: what reads and writes states keeps its order.
  void conv1d_silu(size_t number) {
    Node& silu = graph_.nodes[number];
    const Node* conv = inner<Conv1d>(silu.inputs[0]);
    if (conv == nullptr || std::get<Conv1d>(conv->op).silu) return;
    Node& fused = graph_.nodes[index(producer_[index(silu.inputs[0])])];
    std::get<Conv1d>(fused.op).silu = true;
    fused.outputs = silu.outputs;
    producer_[index(silu.outputs[0])] = producer_[index(silu.inputs[0])];
    remove(silu);
  }

  void rms_norm_rope(size_t number) {
    Node& rope = graph_.nodes[number];
    const Node* norm = inner<RmsNorm>(rope.inputs[0]);
    if (norm == nullptr || norm->weights.empty()) return;
    rope.op = RmsNormRope{std::get<RmsNorm>(norm->op).eps, std::get<Rope>(rope.op).rotary_dim};
    rope.inputs[0] = norm->inputs[0];
    rope.weights = norm->weights;
    remove(*norm);
  }

  // At the place of the sum, because other readers of it may stand before the norm.
  void add_rms_norm(size_t number) {
    Node& norm = graph_.nodes[number];
    const int32_t add = producer_[index(norm.inputs[0])];
    if (producer<Add>(norm.inputs[0]) == nullptr || norm.weights.empty()) return;
    Node& fused = graph_.nodes[static_cast<size_t>(add)];
    fused.op = AddRmsNorm{std::get<RmsNorm>(norm.op).eps};
    fused.outputs.push_back(norm.outputs[0]);
    fused.weights = norm.weights;
    producer_[index(norm.outputs[0])] = add;
    remove(norm);
  }

  Graph graph_;
  const Capabilities& capabilities_;
  std::vector<int32_t> producer_;  // [ValueId] node, -1: an input of the step
  std::vector<int32_t> uses_;      // [ValueId] readers, taps included
  std::vector<bool> gone_;         // [node]
};

}  // namespace

Graph fuse(Graph graph, const Capabilities& capabilities) {
  return Fuser(drop_dead(std::move(graph)), capabilities).run();
}

}  // namespace gerbil::graph
