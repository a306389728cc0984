#include "graph/verify_op.h"

#include <cmath>

#include "graph/batch.h"
#include "graph/print.h"
#include "graph/verify.h"

namespace gerbil::graph {
namespace {

constexpr auto kF32 = tensor::DType::kF32;
constexpr auto kI32 = tensor::DType::kI32;

uint64_t u64(int64_t value) { return static_cast<uint64_t>(value); }

// Calls one operator() an operation. Operands are looked up only after counts() has passed.
class OpCheck {
 public:
  OpCheck(const Graph& graph, const Node& node, const std::vector<View>& views)
      : graph_(graph), node_(node), views_(views) {}

  Status operator()(const Embed&) const {
    GERBIL_CHECK_OK(counts(1, 1, 1, 1));
    GERBIL_CHECK_OK(input_is(0, {Rows::kRows, 1, 1}, kI32));
    const ValueShape y = out(0);
    GERBIL_CHECK_OK(output_is(0, {Rows::kRows, 1, y.dim}));
    const Weight& table = weight(0);
    if (table.use != WeightUse::kTable || table.shape.rank() != 2 || table.shape[1] != u64(y.dim))
      return wrong("weight \"{}\": expected a table [vocab, {}], found {}", table.role, y.dim,
                   to_string(table.shape));
    return {};
  }

  Status operator()(const Linear&) const {
    GERBIL_CHECK_OK(counts(1, 1, 1, 2));
    const ValueShape x = in(0);
    const ValueShape y = out(0);
    GERBIL_CHECK_OK(input_is(0, {x.rows, 1, x.dim}));
    GERBIL_CHECK_OK(output_is(0, {x.rows, 1, y.dim}));
    if (weight(0).use != WeightUse::kMatrix && weight(0).use != WeightUse::kTable)
      return wrong("weight \"{}\": expected a matrix, found a vector or experts", weight(0).role);
    GERBIL_CHECK_OK(weight_shape_is(0, {u64(y.dim), u64(x.dim)}));
    return node_.weights.size() > 1 ? vector_is(1, {u64(y.dim)}) : Status{};
  }

  Status operator()(const RmsNorm& op) const {
    GERBIL_CHECK_OK(counts(1, 1, 0, 1));
    GERBIL_CHECK_OK(same_shapes());
    if (!node_.weights.empty()) GERBIL_CHECK_OK(vector_is(0, {u64(in(0).dim)}));
    return eps_is_valid(op.eps);
  }

  Status operator()(const L2Norm& op) const {
    GERBIL_CHECK_OK(counts(1, 1));
    GERBIL_CHECK_OK(same_shapes());
    if (!std::isfinite(op.scale)) return wrong("scale is {}", op.scale);
    return eps_is_valid(op.eps);
  }

  Status operator()(const LayerNorm& op) const {
    GERBIL_CHECK_OK(counts(1, 1, 2, 2));
    GERBIL_CHECK_OK(same_shapes());
    GERBIL_CHECK_OK(vector_is(0, {u64(in(0).dim)}));
    GERBIL_CHECK_OK(vector_is(1, {u64(in(0).dim)}));
    return eps_is_valid(op.eps);
  }

  Status operator()(const Gelu&) const { return elementwise(1); }
  Status operator()(const Add&) const { return elementwise(2); }
  Status operator()(const Mul&) const { return elementwise(2); }
  Status operator()(const Silu&) const { return elementwise(1); }
  Status operator()(const Sigmoid&) const { return elementwise(1); }
  Status operator()(const SiluMul&) const { return elementwise(2); }
  Status operator()(const SigmoidMul&) const { return elementwise(2); }

  Status operator()(const Slice& op) const {
    GERBIL_CHECK_OK(counts(1, 1));
    GERBIL_CHECK_OK(view_of_computed());
    const ValueShape x = in(0);
    const auto inside = [](int64_t begin, int64_t count, int64_t size) {
      return begin >= 0 && count >= 1 && count <= size && begin <= size - count;
    };
    if (!inside(op.head, op.heads, x.heads) || !inside(op.dim, op.dims, x.dim))
      return wrong("heads {}+{} and dims {}+{} leave the input {}", op.head, op.heads, op.dim,
                   op.dims, to_string(x));
    return output_is(0, {x.rows, op.heads, op.dims});
  }

  Status operator()(const Reshape& op) const {
    GERBIL_CHECK_OK(counts(1, 1));
    GERBIL_CHECK_OK(view_of_computed());
    const ValueShape x = in(0);
    if (op.heads < 1 || op.dim < 1 || op.heads > kMaxWidth || op.dim > kMaxWidth ||
        op.heads * op.dim != x.width())
      return wrong("the input {} does not hold {} x {} numbers a row", to_string(x), op.heads,
                   op.dim);
    if (has_gaps(views_[static_cast<size_t>(node_.inputs[0])], x))
      return wrong("the input %{} {} has gaps between its heads", node_.inputs[0], to_string(x));
    return output_is(0, {x.rows, op.heads, op.dim});
  }

  Status operator()(const Rope& op) const {
    GERBIL_CHECK_OK(counts(2, 1));
    return rotates(op.rotary_dim);
  }

  Status operator()(const Attend& op) const {
    GERBIL_CHECK_OK(counts(node_.inputs.size() == 1 ? 1 : 3, 1));
    const ValueShape q = in(0);
    GERBIL_CHECK_OK(output_is(0, {Rows::kRows, q.heads, q.dim}));
    GERBIL_CHECK_OK(input_is(0, {Rows::kRows, q.heads, q.dim}));
    const auto* kv = std::get_if<KvState>(&state().kind);
    if (kv == nullptr) return wrong("state \"{}\" is not a KV state", state().name);
    for (size_t i = 1; i < node_.inputs.size(); ++i)
      GERBIL_CHECK_OK(input_is(i, {Rows::kRows, kv->kv_heads, q.dim}));
    if (kv->head_dim != q.dim)
      return wrong("state \"{}\": expected head_dim {}, found {}", state().name, q.dim,
                   kv->head_dim);
    if (q.heads % kv->kv_heads != 0)
      return wrong("{} heads cannot share {} kv heads evenly", q.heads, kv->kv_heads);
    if (op.window != kv->window)
      return wrong("window is {}, that of state \"{}\" is {}", op.window, state().name, kv->window);
    if (!std::isfinite(op.scale)) return wrong("scale is {}", op.scale);
    return {};
  }

  Status operator()(const Conv1d& op) const {
    GERBIL_CHECK_OK(counts(1, 1, 1, 1));
    const ValueShape x = in(0);
    GERBIL_CHECK_OK(input_is(0, {Rows::kRows, 1, x.dim}));
    GERBIL_CHECK_OK(same_shapes());
    if (op.kernel < 1) return wrong("kernel is {}", op.kernel);
    GERBIL_CHECK_OK(vector_is(0, {u64(x.dim), u64(op.kernel)}));
    return recurrent_state_is({u64(x.dim), u64(op.kernel)});
  }

  Status operator()(const DeltaGate&) const {
    GERBIL_CHECK_OK(counts(2, 2, 2, 2));
    const ValueShape a = in(0);
    GERBIL_CHECK_OK(input_is(0, {a.rows, 1, a.dim}));
    GERBIL_CHECK_OK(same_shapes());
    GERBIL_CHECK_OK(vector_is(0, {u64(a.dim)}));
    return vector_is(1, {u64(a.dim)});
  }

  Status operator()(const DeltaRule&) const {
    GERBIL_CHECK_OK(counts(5, 1));
    const ValueShape q = in(0);
    const ValueShape v = in(2);
    GERBIL_CHECK_OK(input_is(0, {Rows::kRows, q.heads, q.dim}));
    GERBIL_CHECK_OK(input_is(1, q));
    GERBIL_CHECK_OK(input_is(2, {Rows::kRows, v.heads, v.dim}));
    GERBIL_CHECK_OK(input_is(3, {Rows::kRows, 1, v.heads}));
    GERBIL_CHECK_OK(input_is(4, {Rows::kRows, 1, v.heads}));
    GERBIL_CHECK_OK(output_is(0, v));
    if (v.heads % q.heads != 0)
      return wrong("{} value heads cannot share {} key heads evenly", v.heads, q.heads);
    return recurrent_state_is({u64(v.heads), u64(q.dim), u64(v.dim)});
  }

  Status operator()(const ScaleRows&) const {
    GERBIL_CHECK_OK(counts(2, 1));
    const ValueShape x = in(0);
    GERBIL_CHECK_OK(input_is(0, x));
    GERBIL_CHECK_OK(input_is(1, {x.rows, 1, 1}));
    return output_is(0, x);
  }

  Status operator()(const Route& op) const {
    GERBIL_CHECK_OK(counts(1, 2));
    const ValueShape logits = in(0);
    GERBIL_CHECK_OK(input_is(0, {logits.rows, 1, logits.dim}));
    if (op.top_k < 1 || op.top_k > logits.dim)
      return wrong("top_k is {} of {} experts", op.top_k, logits.dim);
    GERBIL_CHECK_OK(output_is(0, {logits.rows, 1, op.top_k}, kI32));
    return output_is(1, {logits.rows, 1, op.top_k});
  }

  Status operator()(const Experts&) const {
    GERBIL_CHECK_OK(counts(3, 1, 2, 2));
    const ValueShape x = in(0);
    const ValueShape chosen{x.rows, 1, in(1).dim};
    const ValueShape y = out(0);
    GERBIL_CHECK_OK(input_is(0, {x.rows, 1, x.dim}));
    GERBIL_CHECK_OK(input_is(1, chosen, kI32));
    GERBIL_CHECK_OK(input_is(2, chosen));
    GERBIL_CHECK_OK(output_is(0, {x.rows, 1, y.dim}));
    // The ids are below the number of experts only if a route over as many made them.
    GERBIL_CHECK_OK(experts_are(0));
    GERBIL_CHECK_OK(experts_are(1));
    const tensor::Shape& down = weight(1).shape;
    GERBIL_CHECK_OK(weight_shape_is(0, {down[0], 2 * down[2], u64(x.dim)}));
    GERBIL_CHECK_OK(weight_shape_is(1, {down[0], u64(y.dim), down[2]}));
    for (const Node& node : graph_.nodes)
      if (std::holds_alternative<Route>(node.op) && node.outputs[0] == node_.inputs[1]) {
        if (node.outputs[1] == node_.inputs[2] && !node.inputs.empty() &&
            u64(value(node.inputs[0]).shape.dim) == down[0])
          return {};
        break;
      }
    return wrong("inputs %{} and %{} are not the choice of {} experts", node_.inputs[1],
                 node_.inputs[2], down[0]);
  }

  Status operator()(const Interpolate&) const {
    GERBIL_CHECK_OK(counts(2, 1, 1, 1));
    if (value(node_.inputs[0]).input != InputKind::kTableIds ||
        value(node_.inputs[1]).input != InputKind::kTableFactors)
      return wrong("inputs %{} and %{} are not the step's table ids and factors", node_.inputs[0],
                   node_.inputs[1]);
    const int64_t side = graph_.patches.table_side;
    GERBIL_CHECK_OK(vector_is(0, {u64(side * side), u64(out(0).dim)}));
    return output_is(0, {Rows::kPatches, 1, out(0).dim});
  }

  Status operator()(const AttendGroups& op) const {
    GERBIL_CHECK_OK(counts(3, 1));
    GERBIL_CHECK_OK(same_shapes());
    if (in(0).rows != Rows::kPatches)
      return wrong("expected rows of patches, found {}", to_string(in(0)));
    if (!std::isfinite(op.scale)) return wrong("scale is {}", op.scale);
    return {};
  }

  Status operator()(const MergeRows& op) const {
    GERBIL_CHECK_OK(counts(1, 1));
    const ValueShape x = in(0);
    GERBIL_CHECK_OK(input_is(0, {Rows::kPatches, 1, x.dim}));
    if (op.count != graph_.patches.merged())
      return wrong("count is {}, but {} patches become one row", op.count, graph_.patches.merged());
    return output_is(0, {Rows::kMerged, 1, op.count * x.dim});
  }

  Status operator()(const GatherRows&) const {
    GERBIL_CHECK_OK(counts(1, 1));
    const ValueShape x = in(0);
    GERBIL_CHECK_OK(input_is(0, {Rows::kRows, x.heads, x.dim}));
    return output_is(0, {Rows::kWanted, x.heads, x.dim});
  }

  Status operator()(const Sample&) const {
    GERBIL_CHECK_OK(counts(1, 1));
    GERBIL_CHECK_OK(input_is(0, {Rows::kWanted, 1, in(0).dim}));
    return output_is(0, {Rows::kWanted, 1, 1}, kI32);
  }

  Status operator()(const Logprobs&) const {
    GERBIL_CHECK_OK(counts(2, 2));
    GERBIL_CHECK_OK(input_is(0, {Rows::kWanted, 1, in(0).dim}));
    GERBIL_CHECK_OK(input_is(1, {Rows::kWanted, 1, 1}, kI32));
    GERBIL_CHECK_OK(output_is(0, {Rows::kWanted, 1, 1 + kMaxLogprobs}));
    return output_is(1, {Rows::kWanted, 1, kMaxLogprobs}, kI32);
  }

  Status operator()(const AddRmsNorm& op) const {
    GERBIL_CHECK_OK(counts(2, 2, 1, 1));
    GERBIL_CHECK_OK(same_shapes());
    GERBIL_CHECK_OK(vector_is(0, {u64(in(0).dim)}));
    return eps_is_valid(op.eps);
  }

  Status operator()(const RmsNormRope& op) const {
    GERBIL_CHECK_OK(counts(2, 1, 1, 1));
    GERBIL_CHECK_OK(vector_is(0, {u64(in(0).dim)}));
    GERBIL_CHECK_OK(eps_is_valid(op.eps));
    return rotates(op.rotary_dim);
  }

  Status operator()(const GatedRmsNorm& op) const {
    GERBIL_CHECK_OK(counts(2, 1, 1, 1));
    GERBIL_CHECK_OK(same_shapes());
    GERBIL_CHECK_OK(vector_is(0, {u64(in(0).dim)}));
    return eps_is_valid(op.eps);
  }

 private:
  template <class... Args>
  static Status wrong(fmt::format_string<Args...> format, Args&&... args) {
    return fail(ErrorCode::kInternal, format, std::forward<Args>(args)...);
  }

  const ValueInfo& value(ValueId id) const { return graph_.values[static_cast<size_t>(id)]; }
  const ValueShape& in(size_t i) const { return value(node_.inputs[i]).shape; }
  const ValueShape& out(size_t i) const { return value(node_.outputs[i]).shape; }
  const Weight& weight(size_t i) const {
    return graph_.weights[static_cast<size_t>(node_.weights[i])];
  }
  const State& state() const { return graph_.states[static_cast<size_t>(node_.state)]; }

  // Also: a state exactly where the operation keeps one.
  Status counts(size_t inputs, size_t outputs, size_t min_weights = 0,
                size_t max_weights = 0) const {
    if (node_.inputs.size() != inputs)
      return wrong("expected {} inputs, found {}", inputs, node_.inputs.size());
    if (node_.outputs.size() != outputs)
      return wrong("expected {} outputs, found {}", outputs, node_.outputs.size());
    if (node_.weights.size() < min_weights || node_.weights.size() > max_weights)
      return wrong("expected {} to {} weights, found {}", min_weights, max_weights,
                   node_.weights.size());
    const bool stateful = std::holds_alternative<Attend>(node_.op) ||
                          std::holds_alternative<Conv1d>(node_.op) ||
                          std::holds_alternative<DeltaRule>(node_.op);
    if (stateful != (node_.state >= 0)) return wrong("expected {} state", stateful ? "a" : "no");
    return {};
  }

  Status value_is(std::string_view what, ValueId id, const ValueShape& shape,
                  tensor::DType dtype) const {
    const ValueInfo& info = value(id);
    if (info.shape != shape || info.dtype != dtype)
      return wrong("{} %{}: expected {} {}, found {} {}", what, id, to_string(shape),
                   tensor::name(dtype), to_string(info.shape), tensor::name(info.dtype));
    return {};
  }
  Status input_is(size_t i, const ValueShape& shape, tensor::DType dtype = kF32) const {
    return value_is("input", node_.inputs[i], shape, dtype);
  }
  Status output_is(size_t i, const ValueShape& shape, tensor::DType dtype = kF32) const {
    return value_is("output", node_.outputs[i], shape, dtype);
  }

  // All inputs and outputs are f32 of one shape.
  Status same_shapes() const {
    for (size_t i = 0; i < node_.inputs.size(); ++i) GERBIL_CHECK_OK(input_is(i, in(0)));
    for (size_t i = 0; i < node_.outputs.size(); ++i) GERBIL_CHECK_OK(output_is(i, in(0)));
    return {};
  }

  Status elementwise(size_t inputs) const {
    GERBIL_CHECK_OK(counts(inputs, 1));
    return same_shapes();
  }

  // An input of the step is the caller's memory: it has no place to view.
  Status view_of_computed() const {
    if (value(node_.inputs[0]).input != InputKind::kNone)
      return wrong("a view of %{}, an input of the step", node_.inputs[0]);
    return input_is(0, in(0));
  }

  Status weight_shape_is(size_t i, const tensor::Shape& shape) const {
    if (weight(i).shape != shape)
      return wrong("weight \"{}\": expected shape {}, found {}", weight(i).role, to_string(shape),
                   to_string(weight(i).shape));
    return {};
  }
  Status vector_is(size_t i, const tensor::Shape& shape) const {
    if (weight(i).use != WeightUse::kVector)
      return wrong("weight \"{}\": expected a vector, found a matrix or table", weight(i).role);
    return weight_shape_is(i, shape);
  }
  Status experts_are(size_t i) const {
    if (weight(i).use != WeightUse::kExperts || weight(i).shape.rank() != 3)
      return wrong("weight \"{}\": expected experts, found {}", weight(i).role,
                   to_string(weight(i).shape));
    return {};
  }

  Status recurrent_state_is(const tensor::Shape& shape) const {
    const auto* recurrent = std::get_if<RecurrentState>(&state().kind);
    if (recurrent == nullptr) return wrong("state \"{}\" is not a recurrent state", state().name);
    if (recurrent->shape != shape)
      return wrong("state \"{}\": expected shape {}, found {}", state().name, to_string(shape),
                   to_string(recurrent->shape));
    return {};
  }

  static Status eps_is_valid(float eps) {
    if (!std::isfinite(eps) || eps < 0) return wrong("eps is {}", eps);
    return {};
  }

  Status rotates(int64_t rotary_dim) const {
    const ValueShape x = in(0);
    GERBIL_CHECK_OK(input_is(0, x));
    GERBIL_CHECK_OK(output_is(0, x));
    if (rotary_dim < 2 || rotary_dim % 2 != 0 || rotary_dim > x.dim)
      return wrong("rotary_dim is {}: expected an even number of the {} dims", rotary_dim, x.dim);
    if (value(node_.inputs[1]).input != InputKind::kRopeTable)
      return wrong("input %{} is not a rope table", node_.inputs[1]);
    return input_is(1, {x.rows, 1, rotary_dim});
  }

  const Graph& graph_;
  const Node& node_;
  const std::vector<View>& views_;
};

}  // namespace

Status check_op(const Graph& graph, const Node& node, const std::vector<View>& views) {
  return std::visit(OpCheck(graph, node, views), node.op);
}

}  // namespace gerbil::graph
