#include "graph/verify.h"

#include <cmath>
#include <set>

#include "base/checked_math.h"
#include "graph/patches.h"
#include "graph/print.h"
#include "graph/verify_op.h"
#include "graph/view.h"

namespace gerbil::graph {
namespace {

template <class... Args>
Status wrong(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::kInternal, format, std::forward<Args>(args)...);
}

Status check_name(std::string_view what, const std::string& name, std::set<std::string>& names) {
  if (name.empty()) return wrong("a {} has no name", what);
  if (!names.insert(name).second) return wrong("two {}s are named \"{}\"", what, name);
  return {};
}

bool within_limit(const tensor::Shape& shape) {
  uint64_t elements = 1;
  for (uint64_t dim : shape.dims()) {
    const auto product = checked_mul(elements, dim);
    if (!product || *product == 0 || *product > kMaxElements) return false;
    elements = *product;
  }
  return true;
}

Status check_ropes(const Graph& graph) {
  for (size_t number = 0; number < graph.ropes.size(); ++number) {
    const RopeSpec& rope = graph.ropes[number];
    if (rope.inv_freq.empty() || rope.axis.size() != rope.inv_freq.size())
      return wrong("rope {}: {} frequencies on {} axes", number, rope.inv_freq.size(),
                   rope.axis.size());
    for (float frequency : rope.inv_freq)
      if (!std::isfinite(frequency)) return wrong("rope {}: a frequency is {}", number, frequency);
    for (uint8_t axis : rope.axis)
      if (axis > 2) return wrong("rope {}: there is no axis {}", number, axis);
  }
  return {};
}

// What a backend makes of Batch::groups, or takes from Batch::patches.
Status check_patch_input(const Graph& graph, ValueId id) {
  const ValueInfo& info = graph.values[static_cast<size_t>(id)];
  const bool ids = info.input == InputKind::kTableIds;
  ValueShape expected{Rows::kPatches, 1, kTableTaps};
  if (info.input == InputKind::kPatches) expected.dim = info.shape.dim;
  const tensor::DType dtype = ids ? tensor::DType::kI32 : tensor::DType::kF32;
  if (info.shape != expected || info.dtype != dtype || info.rope != -1)
    return wrong("value %{}: expected an input {} {}, found {} {}", id, to_string(expected),
                 tensor::name(dtype), to_string(info.shape), tensor::name(info.dtype));
  return {};
}

Status check_patch_layout(const PatchLayout& layout) {
  if (layout.merge_side < 1 || layout.merge_side > 64 || layout.table_side < 0 ||
      layout.table_side > 4096)
    return wrong("patches: merge_side {} or table_side {} is out of range", layout.merge_side,
                 layout.table_side);
  return {};
}

Status check_value(const Graph& graph, ValueId id) {
  const ValueInfo& info = graph.values[static_cast<size_t>(id)];
  const ValueShape& shape = info.shape;
  if (shape.heads < 1 || shape.dim < 1 || shape.heads > kMaxWidth || shape.dim > kMaxWidth ||
      shape.width() > kMaxWidth)
    return wrong("value %{}: the shape {} is out of range", id, to_string(shape));
  switch (info.input) {
    case InputKind::kNone:
      if (info.rope != -1) return wrong("value %{} is no input, but names rope {}", id, info.rope);
      break;
    case InputKind::kToken:
      if (shape != ValueShape{Rows::kRows, 1, 1} || info.dtype != tensor::DType::kI32 ||
          info.rope != -1)
        return wrong("value %{}: tokens are [R, 1, 1] I32, found {} {}", id, to_string(shape),
                     tensor::name(info.dtype));
      break;
    case InputKind::kRopeTable: {
      if (info.rope < 0 || static_cast<size_t>(info.rope) >= graph.ropes.size())
        return wrong("value %{}: there is no rope {}", id, info.rope);
      const ValueShape expected{shape.rows, 1,
                                graph.ropes[static_cast<size_t>(info.rope)].rotary_dim()};
      if (shape != expected || shape.rows == Rows::kWanted || info.dtype != tensor::DType::kF32)
        return wrong("value %{}: the table of rope {} is {} F32 over rows of the step, found {} {}",
                     id, info.rope, to_string(expected), to_string(shape),
                     tensor::name(info.dtype));
      break;
    }
    case InputKind::kPatches:
    case InputKind::kTableIds:
    case InputKind::kTableFactors:
      return check_patch_input(graph, id);
  }
  return {};
}

Status check_weights(const Graph& graph) {
  std::set<std::string> roles;
  for (const Weight& weight : graph.weights) {
    GERBIL_CHECK_OK(check_name("weight", weight.role, roles));
    const size_t rank = weight.shape.rank();
    const bool fits = weight.use == WeightUse::kVector    ? rank == 1 || rank == 2
                      : weight.use == WeightUse::kExperts ? rank == 3
                                                          : rank == 2;
    if (!fits || !within_limit(weight.shape))
      return wrong("weight \"{}\": the shape {} is out of range", weight.role,
                   to_string(weight.shape));
  }
  return {};
}

Status check_states(const Graph& graph) {
  std::set<std::string> names;
  for (const State& state : graph.states) {
    GERBIL_CHECK_OK(check_name("state", state.name, names));
    if (const auto* kv = std::get_if<KvState>(&state.kind)) {
      if (kv->kv_heads < 1 || kv->head_dim < 1 || kv->kv_heads > kMaxWidth ||
          kv->head_dim > kMaxWidth || kv->kv_heads * kv->head_dim > kMaxWidth || kv->window < 0)
        return wrong("state \"{}\": kv_heads {}, head_dim {} or window {} is out of range",
                     state.name, kv->kv_heads, kv->head_dim, kv->window);
    } else if (const auto& shape = std::get<RecurrentState>(state.kind).shape;
               shape.rank() == 0 || !within_limit(shape)) {
      return wrong("state \"{}\": the shape {} is out of range", state.name, to_string(shape));
    }
  }
  return {};
}

// Walks the nodes in execution order.
class NodeChecks {
 public:
  explicit NodeChecks(const Graph& graph)
      : graph_(graph),
        ready_(graph.values.size()),
        written_(graph.states.size()),
        views_(graph.values.size()) {
    for (size_t id = 0; id < graph.values.size(); ++id) {
      ready_[id] = graph.values[id].input != InputKind::kNone;
      views_[id] = whole(graph, static_cast<ValueId>(id));
    }
  }

  Status check(const Node& node) {
    for (ValueId id : node.inputs) {
      if (!exists(id, graph_.values)) return wrong("input %{} does not exist", id);
      if (!ready_[static_cast<size_t>(id)])
        return wrong("input %{} is used before it is computed", id);
    }
    for (ValueId id : node.outputs) {
      if (!exists(id, graph_.values)) return wrong("output %{} does not exist", id);
      if (ready_[static_cast<size_t>(id)]) return wrong("output %{} has another producer", id);
      ready_[static_cast<size_t>(id)] = true;
    }
    for (WeightId id : node.weights)
      if (!exists(id, graph_.weights)) return wrong("weight {} does not exist", id);
    if (node.state != -1 && !exists(node.state, graph_.states))
      return wrong("state {} does not exist", node.state);
    GERBIL_CHECK_OK(check_op(graph_, node, views_));
    if (is_view(node.op))
      views_[static_cast<size_t>(node.outputs[0])] =
          apply_view(node.op, views_[static_cast<size_t>(node.inputs[0])]);
    GERBIL_CHECK_OK(check_state_order(node));
    return check_wanted_come_last(node);
  }

  Status every_value_has_a_producer() const {
    for (size_t id = 0; id < ready_.size(); ++id)
      if (!ready_[id]) return wrong("value %{} has no producer", id);
    return {};
  }

 private:
  template <class T>
  static bool exists(int32_t id, const std::vector<T>& all) {
    return id >= 0 && static_cast<size_t>(id) < all.size();
  }

  // One node writes a state; an attend without k and v reads what an earlier one wrote.
  Status check_state_order(const Node& node) {
    if (node.state < 0) return {};
    const auto state = static_cast<size_t>(node.state);
    const bool reads_only = std::holds_alternative<Attend>(node.op) && node.inputs.size() == 1;
    if (reads_only != written_[state])
      return wrong("state \"{}\" {}", graph_.states[state].name,
                   reads_only ? "is read before it is written" : "is written twice");
    written_[state] = true;
    return {};
  }

  Status check_wanted_come_last(const Node& node) {
    const bool wanted = graph_.shape(node.outputs[0]).rows == Rows::kWanted;
    if (wanted_ && !wanted) return wrong("it follows gather_rows, but is not over wanted rows");
    wanted_ = wanted;
    return {};
  }

  const Graph& graph_;
  std::vector<bool> ready_;    // [ValueId]
  std::vector<bool> written_;  // [StateId]
  std::vector<View> views_;    // [ValueId]
  bool wanted_ = false;        // behind gather_rows
};

Status check_taps(const Graph& graph) {
  std::set<std::string> names;
  for (const Tap& tap : graph.taps) {
    GERBIL_CHECK_OK(check_name("tap", tap.name, names));
    if (tap.value < 0 || static_cast<size_t>(tap.value) >= graph.values.size() ||
        graph.values[static_cast<size_t>(tap.value)].input != InputKind::kNone)
      return wrong("tap \"{}\": %{} is not a computed value", tap.name, tap.value);
  }
  return {};
}

}  // namespace

Status verify(const Graph& graph) {
  GERBIL_CHECK_OK(check_patch_layout(graph.patches));
  GERBIL_CHECK_OK(check_ropes(graph));
  for (size_t id = 0; id < graph.values.size(); ++id)
    GERBIL_CHECK_OK(check_value(graph, static_cast<ValueId>(id)));
  GERBIL_CHECK_OK(check_weights(graph));
  GERBIL_CHECK_OK(check_states(graph));
  NodeChecks checks(graph);
  for (size_t number = 0; number < graph.nodes.size(); ++number) {
    const Node& node = graph.nodes[number];
    if (Status status = checks.check(node); !status)
      return with_context(std::move(status).error(),
                          fmt::format("graph node {}, {}{}{}", number, op_name(node.op),
                                      node.scope.empty() ? "" : " in ", node.scope));
  }
  GERBIL_CHECK_OK(checks.every_value_has_a_producer());
  return check_taps(graph);
}

}  // namespace gerbil::graph
