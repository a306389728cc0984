#include "graph/print.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace gerbil::graph {
namespace {

using Out = std::back_insert_iterator<std::string>;

// The attributes of each operation, in the order of op.h.
struct PrintAttributes {
  Out out;

  template <class T>
  void operator()(const T&) const {}  // an operation without attributes

  void operator()(const RmsNorm& op) const { eps(op.eps); }
  void operator()(const L2Norm& op) const {
    eps(op.eps);
    fmt::format_to(out, " scale={}", op.scale);
  }
  void operator()(const LayerNorm& op) const { eps(op.eps); }
  void operator()(const Gelu& op) const { fmt::format_to(out, "{}", op.tanh ? " tanh" : ""); }
  void operator()(const AttendGroups& op) const { fmt::format_to(out, " scale={}", op.scale); }
  void operator()(const MergeRows& op) const { fmt::format_to(out, " count={}", op.count); }
  void operator()(const Slice& op) const {
    fmt::format_to(out, " heads={}+{} dims={}+{}", op.head, op.heads, op.dim, op.dims);
  }
  // Reshape: the result's shape says it all.
  void operator()(const Rope& op) const { rotary(op.rotary_dim); }
  void operator()(const Attend& op) const {
    fmt::format_to(out, " scale={} window={}", op.scale, op.window);
  }
  void operator()(const Conv1d& op) const {
    fmt::format_to(out, " kernel={}{}", op.kernel, op.silu ? " silu" : "");
  }
  void operator()(const Route& op) const {
    fmt::format_to(out, " top_k={}{}", op.top_k, op.normalise ? " normalise" : "");
  }
  void operator()(const AddRmsNorm& op) const { eps(op.eps); }
  void operator()(const RmsNormRope& op) const {
    eps(op.eps);
    rotary(op.rotary_dim);
  }
  void operator()(const GatedRmsNorm& op) const { eps(op.eps); }

  void eps(float value) const { fmt::format_to(out, " eps={}", value); }
  void rotary(int64_t value) const { fmt::format_to(out, " rotary_dim={}", value); }
};

class Printer {
 public:
  explicit Printer(const Graph& graph) : graph_(graph) {}

  std::string run() {
    for (size_t id = 0; id < graph_.values.size(); ++id) {
      if (graph_.values[id].input == InputKind::kNone) continue;
      fmt::format_to(out_, "input ");
      typed_value(static_cast<ValueId>(id));
      fmt::format_to(out_, "\n");
    }
    for (const State& state : graph_.states) print_state(state);
    for (const Node& node : graph_.nodes) print_node(node);
    for (const Tap& tap : graph_.taps)
      fmt::format_to(out_, "tap {} = {}\n", tap.name, value(tap.value));
    return std::move(text_);
  }

 private:
  bool exists(ValueId id) const {
    return id >= 0 && static_cast<size_t>(id) < graph_.values.size();
  }

  std::string value(ValueId id) const {
    if (!exists(id)) return "%?";
    const ValueInfo& info = graph_.values[static_cast<size_t>(id)];
    if (info.input == InputKind::kToken) return "%token";
    if (info.input == InputKind::kRopeTable) return fmt::format("%rope{}", info.rope);
    if (info.input == InputKind::kPatches) return "%patches";
    if (info.input == InputKind::kTableIds) return "%table_ids";
    if (info.input == InputKind::kTableFactors) return "%table_factors";
    return fmt::format("%{}", id);
  }

  void typed_value(ValueId id) {
    fmt::format_to(out_, "{}", value(id));
    if (!exists(id)) return;
    const ValueInfo& info = graph_.values[static_cast<size_t>(id)];
    fmt::format_to(out_, " {}", to_string(info.shape));
    if (info.dtype != tensor::DType::kF32) fmt::format_to(out_, " {}", tensor::name(info.dtype));
  }

  void print_state(const State& state) {
    if (const auto* kv = std::get_if<KvState>(&state.kind))
      fmt::format_to(out_, "state {}: kv_heads={} head_dim={} window={}\n", state.name,
                     kv->kv_heads, kv->head_dim, kv->window);
    else
      fmt::format_to(out_, "state {}: {}\n", state.name,
                     to_string(std::get<RecurrentState>(state.kind).shape));
  }

  void print_node(const Node& node) {
    std::string_view separator;
    for (ValueId output : node.outputs) {
      fmt::format_to(out_, "{}", separator);
      typed_value(output);
      separator = ", ";
    }
    fmt::format_to(out_, " = {}(", op_name(node.op));
    separator = "";
    for (ValueId input : node.inputs) {
      fmt::format_to(out_, "{}{}", separator, value(input));
      separator = ", ";
    }
    for (WeightId id : node.weights) {
      fmt::format_to(out_, "{}", separator);
      separator = ", ";
      if (id < 0 || static_cast<size_t>(id) >= graph_.weights.size()) {
        fmt::format_to(out_, "?");
        continue;
      }
      const Weight& weight = graph_.weights[static_cast<size_t>(id)];
      fmt::format_to(out_, "{}{}", weight.role, to_string(weight.shape));
    }
    if (node.state >= 0 && static_cast<size_t>(node.state) < graph_.states.size())
      fmt::format_to(out_, "; {}", graph_.states[static_cast<size_t>(node.state)].name);
    else if (node.state != -1)
      fmt::format_to(out_, "; ?");
    fmt::format_to(out_, ")");
    std::visit(PrintAttributes{out_}, node.op);
    if (!node.scope.empty()) fmt::format_to(out_, "  // {}", node.scope);
    fmt::format_to(out_, "\n");
  }

  const Graph& graph_;
  std::string text_;
  Out out_{text_};
};

}  // namespace

std::string print(const Graph& graph) { return Printer(graph).run(); }

std::string_view rows_name(Rows rows) {
  static constexpr std::array<std::string_view, 6> kNames = {"R", "S", "W", "P", "M", "F"};
  return kNames[static_cast<size_t>(rows)];
}

std::string to_string(const ValueShape& shape) {
  return fmt::format("[{}, {}, {}]", rows_name(shape.rows), shape.heads, shape.dim);
}

}  // namespace gerbil::graph
