#include "graph/builder.h"

#include <numeric>

#include "graph/batch.h"
#include "graph/patches.h"
#include "graph/verify.h"

namespace gerbil::graph {
namespace {

uint64_t u64(int64_t value) { return static_cast<uint64_t>(value); }

}  // namespace

// ---- Builder

void Builder::fail_at(std::string_view scope, Error error) {
  if (failed()) return;
  if (!scope.empty()) error.message = fmt::format("{} (in {})", error.message, scope);
  error_ = std::move(error);
}

Result<Graph> Builder::finish() {
  if (failed()) return std::unexpected(error_);
  GERBIL_CHECK_OK(verify(graph_));
  return std::move(graph_);
}

Value Builder::value(ValueShape shape, tensor::DType dtype) {
  graph_.values.push_back({.shape = shape, .dtype = dtype});
  return {static_cast<ValueId>(graph_.values.size() - 1)};
}

Value Builder::node(std::string_view scope, Op op, std::vector<Value> inputs, ValueShape out,
                    std::vector<WeightId> weights, StateId state) {
  if (failed()) return {};
  Node node{.op = op, .weights = std::move(weights), .state = state, .scope = std::string(scope)};
  for (Value input : inputs) node.inputs.push_back(input.id);
  const Value result = value(out);
  node.outputs.push_back(result.id);
  graph_.nodes.push_back(std::move(node));
  return result;
}

Value Builder::input(InputKind kind, ValueShape shape, int32_t rope) {
  for (size_t id = 0; id < graph_.values.size(); ++id)
    if (graph_.values[id].input == kind && graph_.values[id].rope == rope)
      return {static_cast<ValueId>(id)};
  const bool ids = kind == InputKind::kToken || kind == InputKind::kTableIds;
  const Value result = value(shape, ids ? tensor::DType::kI32 : tensor::DType::kF32);
  graph_.values.back().input = kind;
  graph_.values.back().rope = rope;
  return result;
}

const WeightBinding* Builder::binding(std::string_view role) const {
  const auto found = weights_->find(role);
  return found == weights_->end() ? nullptr : &found->second;
}

WeightId Builder::weight(std::string_view scope, const std::string& role, WeightUse use,
                         const std::vector<tensor::Shape>& stored, tensor::Shape used) {
  if (failed()) return -1;
  const auto fail_with = [&](Error error) {
    fail_at(scope, std::move(error));
    return WeightId{-1};
  };
  const WeightBinding* bound = binding(role);
  if (bound == nullptr)
    return fail_with(
        {ErrorCode::kInternal, fmt::format("no stored name is known for weight \"{}\"", role)});
  for (const StoredPart& part : bound->parts)
    if (part.tensor.source == nullptr)
      return fail_with({ErrorCode::kNotFound,
                        fmt::format("tensor \"{}\" is missing from the checkpoint", part.name)});
  GERBIL_ASSERT(bound->parts.size() == stored.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    const StoredPart& part = bound->parts[i];
    if (part.tensor.shape != stored[i])
      return fail_with(
          {ErrorCode::kCorrupt,
           fmt::format("{}: tensor \"{}\": expected shape {}, found {}", part.tensor.source->name(),
                       part.name, to_string(stored[i]), to_string(part.tensor.shape))});
  }
  for (size_t id = 0; id < graph_.weights.size(); ++id)
    if (graph_.weights[id].role == role) {
      if (use == WeightUse::kTable) graph_.weights[id].use = use;  // gathered too
      return static_cast<WeightId>(id);
    }
  graph_.weights.push_back({role, used, use});
  return static_cast<WeightId>(graph_.weights.size() - 1);
}

WeightId Builder::expert_weight(std::string_view scope, const std::string& role,
                                tensor::Shape shape, uint64_t parts) {
  const WeightBinding* bound = binding(role);
  const uint64_t tensors = shape[0] * parts;
  const bool whole = bound != nullptr && bound->parts.size() == 1 &&
                     (tensors > 1 || bound->parts[0].tensor.shape.rank() == 3);
  std::vector<tensor::Shape> stored = {shape};
  if (!whole) stored.assign(tensors, {shape[1] / parts, shape[2]});
  return weight(scope, role, WeightUse::kExperts, stored, shape);
}

WeightId Builder::optional_vector(std::string_view scope, const std::string& role,
                                  const std::vector<tensor::Shape>& stored, int64_t size) {
  const WeightBinding* bound = binding(role);
  if (bound == nullptr || !bound->present) return -1;
  return weight(scope, role, WeightUse::kVector, stored, {u64(size)});
}

// ---- Scope

std::string Scope::join(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Scope Scope::operator/(std::string_view name) const { return {builder_, join(name)}; }

bool Scope::has(std::string_view weight) const {
  const WeightBinding* bound = builder_->binding(join(weight));
  return bound != nullptr && bound->present;
}

const ValueShape& Scope::shape(Value x) const {
  static const ValueShape kInvalid;
  return x.id < 0 ? kInvalid : builder_->graph_.shape(x.id);
}

void Scope::error(Error error) const { builder_->fail_at(path_, std::move(error)); }

Value Scope::embed(std::string_view name, int64_t vocab, int64_t dim) const {
  const tensor::Shape shape{u64(vocab), u64(dim)};
  const WeightId table = builder_->weight(path_, join(name), WeightUse::kTable, {shape}, shape);
  const Value token = builder_->input(InputKind::kToken, {Rows::kRows, 1, 1}, -1);
  return builder_->node(path_, Embed{}, {token}, {Rows::kRows, 1, dim}, {table});
}

Value Scope::linear(std::string_view name, Value x, int64_t out) const {
  return linear(name, x, tensor::Shape{u64(out), u64(shape(x).width())});
}

Value Scope::linear(std::string_view name, Value x, const tensor::Shape& stored) const {
  const auto out = static_cast<int64_t>(stored[0]);
  const tensor::Shape matrix{stored[0], u64(shape(x).width())};
  std::vector<WeightId> weights = {
      builder_->weight(path_, join(name), WeightUse::kMatrix, {stored}, matrix)};
  const WeightId bias = builder_->optional_vector(path_, join(name) + ".bias", {{u64(out)}}, out);
  if (bias >= 0) weights.push_back(bias);
  return builder_->node(path_, Linear{}, {x}, {shape(x).rows, 1, out}, std::move(weights));
}

std::vector<Value> Scope::linear_parts(std::string_view name, Value x,
                                       Span<const int64_t> widths) const {
  const auto in = u64(shape(x).width());
  std::vector<tensor::Shape> stored;
  std::vector<tensor::Shape> stored_bias;
  for (int64_t width : widths) {
    stored.push_back({u64(width), in});
    stored_bias.push_back({u64(width)});
  }
  const int64_t total = std::accumulate(widths.begin(), widths.end(), int64_t{0});
  std::vector<WeightId> weights = {
      builder_->weight(path_, join(name), WeightUse::kMatrix, stored, {u64(total), in})};
  const WeightId bias = builder_->optional_vector(path_, join(name) + ".bias", stored_bias, total);
  if (bias >= 0) weights.push_back(bias);
  const Value joined =
      builder_->node(path_, Linear{}, {x}, {shape(x).rows, 1, total}, std::move(weights));
  std::vector<Value> pieces;
  int64_t begin = 0;
  for (int64_t width : widths) {
    pieces.push_back(slice_dims(joined, begin, width));
    begin += width;
  }
  return pieces;
}

std::vector<Value> Scope::linear_split(std::string_view name, Value x,
                                       std::initializer_list<int64_t> heads, int64_t dim) const {
  std::vector<int64_t> widths;
  for (int64_t count : heads) widths.push_back(count * dim);
  std::vector<Value> pieces = linear_parts(name, x, widths);
  size_t piece = 0;
  for (int64_t count : heads) {
    pieces[piece] = reshape(pieces[piece], count, dim);
    ++piece;
  }
  return pieces;
}

Value Scope::rms_norm(std::string_view name, Value x, float eps) const {
  const tensor::Shape size{u64(shape(x).dim)};
  const WeightId w = builder_->weight(path_, join(name), WeightUse::kVector, {size}, size);
  return builder_->node(path_, RmsNorm{eps}, {x}, shape(x), {w});
}

Value Scope::layer_norm(std::string_view name, Value x, float eps) const {
  const tensor::Shape size{u64(shape(x).dim)};
  const WeightId w = builder_->weight(path_, join(name), WeightUse::kVector, {size}, size);
  const WeightId b =
      builder_->weight(path_, join(name) + ".bias", WeightUse::kVector, {size}, size);
  return builder_->node(path_, LayerNorm{eps}, {x}, shape(x), {w, b});
}

Value Scope::l2_norm(Value x, float eps, float scale) const {
  return builder_->node(path_, L2Norm{eps, scale}, {x}, shape(x));
}

Value Scope::add(Value x, Value y) const { return builder_->node(path_, Add{}, {x, y}, shape(x)); }
Value Scope::mul(Value x, Value y) const { return builder_->node(path_, Mul{}, {x, y}, shape(x)); }
Value Scope::silu(Value x) const { return builder_->node(path_, Silu{}, {x}, shape(x)); }
Value Scope::sigmoid(Value x) const { return builder_->node(path_, Sigmoid{}, {x}, shape(x)); }
Value Scope::gelu(Value x, bool tanh) const {
  return builder_->node(path_, Gelu{tanh}, {x}, shape(x));
}

Value Scope::slice_dims(Value x, int64_t begin, int64_t count) const {
  const ValueShape in = shape(x);
  return builder_->node(path_, Slice{0, in.heads, begin, count}, {x}, {in.rows, in.heads, count});
}

Value Scope::reshape(Value x, int64_t heads, int64_t dim) const {
  return builder_->node(path_, Reshape{heads, dim}, {x}, {shape(x).rows, heads, dim});
}

Value Scope::merge_heads(Value x) const { return reshape(x, 1, shape(x).width()); }

Value Scope::rope(Value x, const RopeSpec& spec) const {
  std::vector<RopeSpec>& ropes = builder_->graph_.ropes;
  size_t number = 0;
  while (number < ropes.size() && ropes[number] != spec) ++number;
  if (number == ropes.size()) ropes.push_back(spec);
  const Value table = builder_->input(InputKind::kRopeTable, {shape(x).rows, 1, spec.rotary_dim()},
                                      static_cast<int32_t>(number));
  return builder_->node(path_, Rope{spec.rotary_dim()}, {x, table}, shape(x));
}

Value Scope::attend(Value q, Value k, Value v, const AttendOptions& options) const {
  std::vector<Value> inputs = {q};
  if (k.id >= 0 || v.id >= 0) inputs.insert(inputs.end(), {k, v});
  return builder_->node(path_, Attend{options.scale, options.window}, std::move(inputs), shape(q),
                        {}, options.state);
}

Value Scope::conv1d(std::string_view name, Value x, int64_t kernel, StateId state) const {
  const auto channels = u64(shape(x).width());
  const WeightId w = builder_->weight(path_, join(name), WeightUse::kVector,
                                      {{channels, 1, u64(kernel)}}, {channels, u64(kernel)});
  return builder_->node(path_, Conv1d{kernel, false}, {x}, shape(x), {w}, state);
}

Scope::Gate Scope::delta_gate(Value a, Value b) const {
  const tensor::Shape size{u64(shape(a).width())};
  const WeightId a_log = builder_->weight(path_, join("a_log"), WeightUse::kVector, {size}, size);
  const WeightId dt_bias =
      builder_->weight(path_, join("dt_bias"), WeightUse::kVector, {size}, size);
  const Value g = builder_->node(path_, DeltaGate{}, {a, b}, shape(a), {a_log, dt_bias});
  if (g.id < 0) return {};
  const Value beta = builder_->value(shape(b));
  builder_->graph_.nodes.back().outputs.push_back(beta.id);
  return {g, beta};
}

Value Scope::delta_rule(Value q, Value k, Value v, Gate gate, StateId state) const {
  return builder_->node(path_, DeltaRule{}, {q, k, v, gate.g, gate.beta}, shape(v), {}, state);
}

Value Scope::scale_rows(Value x, Value scales) const {
  return builder_->node(path_, ScaleRows{}, {x, scales}, shape(x));
}

Scope::Choice Scope::route(Value logits, int64_t top_k, bool normalise) const {
  const ValueShape chosen{shape(logits).rows, 1, top_k};
  const Value ids = builder_->node(path_, Route{top_k, normalise}, {logits}, chosen);
  if (ids.id < 0) return {};
  builder_->graph_.values[static_cast<size_t>(ids.id)].dtype = tensor::DType::kI32;
  const Value weights = builder_->value(chosen);
  builder_->graph_.nodes.back().outputs.push_back(weights.id);
  return {ids, weights};
}

Value Scope::experts(std::string_view name, Value x, Choice choice, int64_t experts,
                     int64_t inner) const {
  const int64_t dim = shape(x).width();
  const WeightId gate_up = builder_->expert_weight(path_, join(name) + ".gate_up",
                                                   {u64(experts), u64(2 * inner), u64(dim)}, 2);
  const WeightId down =
      builder_->expert_weight(path_, join(name) + ".down", {u64(experts), u64(dim), u64(inner)}, 1);
  return builder_->node(path_, Experts{}, {x, choice.ids, choice.weights}, {shape(x).rows, 1, dim},
                        {gate_up, down});
}

Value Scope::patches(int64_t dim, const PatchLayout& layout) const {
  builder_->graph_.patches = layout;
  return builder_->input(InputKind::kPatches, {Rows::kPatches, 1, dim}, -1);
}

Value Scope::interpolate(std::string_view name, int64_t dim) const {
  const int64_t side = builder_->graph_.patches.table_side;
  const tensor::Shape shape{u64(side * side), u64(dim)};
  const WeightId table = builder_->weight(path_, join(name), WeightUse::kVector, {shape}, shape);
  const ValueShape taps{Rows::kPatches, 1, kTableTaps};
  const Value ids = builder_->input(InputKind::kTableIds, taps, -1);
  const Value factors = builder_->input(InputKind::kTableFactors, taps, -1);
  return builder_->node(path_, Interpolate{}, {ids, factors}, {Rows::kPatches, 1, dim}, {table});
}

Value Scope::attend_groups(Value q, Value k, Value v, float scale) const {
  return builder_->node(path_, AttendGroups{scale}, {q, k, v}, shape(q));
}

Value Scope::merge_rows(Value x) const {
  const int64_t count = builder_->graph_.patches.merged();
  return builder_->node(path_, MergeRows{count}, {x}, {Rows::kMerged, 1, count * shape(x).width()});
}

Value Scope::gather_wanted(Value x) const {
  return builder_->node(path_, GatherRows{}, {x}, {Rows::kWanted, shape(x).heads, shape(x).dim});
}

Value Scope::sample(Value logits) const {
  const Value ids = builder_->node(path_, Sample{}, {logits}, {Rows::kWanted, 1, 1});
  if (ids.id >= 0) builder_->graph_.values[static_cast<size_t>(ids.id)].dtype = tensor::DType::kI32;
  return ids;
}

void Scope::logprobs(Value logits, Value ids) const {
  const Value values =
      builder_->node(path_, Logprobs{}, {logits, ids}, {Rows::kWanted, 1, 1 + kMaxLogprobs});
  if (values.id < 0) return;
  const Value likeliest = builder_->value({Rows::kWanted, 1, kMaxLogprobs});
  builder_->graph_.values[static_cast<size_t>(likeliest.id)].dtype = tensor::DType::kI32;
  builder_->graph_.nodes.back().outputs.push_back(likeliest.id);
}

StateId Scope::kv_state(std::string_view name, int64_t kv_heads, int64_t head_dim,
                        int64_t window) const {
  builder_->graph_.states.push_back({std::string(name), KvState{kv_heads, head_dim, window}});
  return static_cast<StateId>(builder_->graph_.states.size() - 1);
}

StateId Scope::recurrent_state(std::string_view name, tensor::Shape shape) const {
  builder_->graph_.states.push_back({std::string(name), RecurrentState{shape}});
  return static_cast<StateId>(builder_->graph_.states.size() - 1);
}

void Scope::tap(std::string_view name, Value x) const {
  if (x.id >= 0) builder_->graph_.taps.push_back({std::string(name), x.id});
}

}  // namespace gerbil::graph
