// Builder: writes a Graph the way a model reads, through Scopes that carry weight names.
//
//   Value attention(Scope s, Value x, const Config& c) {
//     auto qkv = s.linear_split("qkv", x, {c.heads, c.kv_heads, c.kv_heads}, c.head_dim);
//     ...
//   }
//
// Errors are sticky: after the first one every call returns an invalid Value and does nothing;
// finish() gives that error with the scope it happened in. Weights are checked against the
// WeightMap as they are named: a missing or misshapen tensor is reported by its stored name. A
// Builder belongs to one thread; Scope and Value are small copies that must not outlive it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "graph/graph.h"
#include "graph/weights.h"

namespace gerbil::graph {

class Builder;

// A value under construction; invalid (id -1) after an error.
struct Value {
  ValueId id = -1;
};

struct AttendOptions {
  StateId state = -1;
  float scale = 1;
  int64_t window = 0;
};

class Scope {
 public:
  Scope(Builder* builder, std::string path) : builder_(builder), path_(std::move(path)) {}

  // Scope "layers.3" / "attention" names weights "layers.3.attention.*".
  Scope operator/(std::string_view name) const;

  bool has(std::string_view weight) const;  // is the role bound to stored tensors?
  const ValueShape& shape(Value x) const;

  Value embed(std::string_view name, int64_t vocab, int64_t dim) const;
  // Weight NAME [out, in], and NAME.bias [out] if the checkpoint has it.
  Value linear(std::string_view name, Value x, int64_t out) const;
  // One matrix whose output is cut into [1, widths[i]] values, one for each stored part of the
  // weight (and of NAME.bias); the parts' shapes are checked one by one.
  std::vector<Value> linear_parts(std::string_view name, Value x,
                                  std::initializer_list<int64_t> widths) const {
    return linear_parts(name, x, Span<const int64_t>(widths.begin(), widths.size()));
  }
  // The same, into [heads[i], dim] values.
  std::vector<Value> linear_split(std::string_view name, Value x,
                                  std::initializer_list<int64_t> heads, int64_t dim) const;

  // The same of a matrix stored as [out, ...] with so many dimensions more: a convolution whose
  // windows are the rows of x.
  Value linear(std::string_view name, Value x, const tensor::Shape& stored) const;

  Value rms_norm(std::string_view name, Value x, float eps) const;
  Value layer_norm(std::string_view name, Value x, float eps) const;  // weights NAME, NAME.bias
  Value l2_norm(Value x, float eps, float scale) const;
  Value add(Value x, Value y) const;
  Value mul(Value x, Value y) const;
  Value silu(Value x) const;
  Value sigmoid(Value x) const;
  Value gelu(Value x, bool tanh) const;

  Value slice_dims(Value x, int64_t begin, int64_t count) const;
  Value reshape(Value x, int64_t heads, int64_t dim) const;
  Value merge_heads(Value x) const;  // [heads, dim] -> [1, heads * dim]

  Value rope(Value x, const RopeSpec& spec) const;
  // k and v {}: attends to what another layer wrote into the state.
  Value attend(Value q, Value k, Value v, const AttendOptions& options) const;
  // Weight NAME, stored as [channels, 1, kernel].
  Value conv1d(std::string_view name, Value x, int64_t kernel, StateId state) const;
  struct Gate {
    Value g, beta;
  };
  Gate delta_gate(Value a, Value b) const;  // weights a_log, dt_bias
  Value delta_rule(Value q, Value k, Value v, Gate gate, StateId state) const;

  Value scale_rows(Value x, Value scales) const;  // one number a row
  struct Choice {
    Value ids, weights;
  };
  Choice route(Value logits, int64_t top_k, bool normalise) const;
  // Weights NAME.gate_up and NAME.down of `experts` SwiGLU layers, stored whole, [experts, 2 *
  // inner, in] and [experts, out, inner], or expert by expert: gate, up, gate, up, ... and down,
  // down, ...
  Value experts(std::string_view name, Value x, Choice choice, int64_t experts,
                int64_t inner) const;

  // Encoders of pictures. The patches of the step, so many numbers each; how they lie is said once.
  Value patches(int64_t dim, const PatchLayout& layout) const;
  Value interpolate(std::string_view name, int64_t dim) const;  // weight NAME [table_side^2, dim]
  Value attend_groups(Value q, Value k, Value v, float scale) const;
  Value merge_rows(Value x) const;

  Value gather_wanted(Value x) const;
  Value sample(Value logits) const;
  void logprobs(Value logits, Value ids) const;  // an answer: no node reads it

  StateId kv_state(std::string_view name, int64_t kv_heads, int64_t head_dim,
                   int64_t window = 0) const;
  StateId recurrent_state(std::string_view name, tensor::Shape shape) const;

  void tap(std::string_view name, Value x) const;
  // Records an error of the caller's own.
  void error(Error error) const;

 private:
  std::string join(std::string_view name) const;
  std::vector<Value> linear_parts(std::string_view name, Value x, Span<const int64_t> widths) const;

  Builder* builder_;
  std::string path_;
};

class Builder {
 public:
  explicit Builder(const WeightMap& weights) : weights_(&weights) {}
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  Scope root() { return {this, ""}; }
  // The graph, verified; the first error otherwise. Call once.
  Result<Graph> finish();

 private:
  friend class Scope;

  bool failed() const { return error_.code != ErrorCode::kInternal || !error_.message.empty(); }
  void fail_at(std::string_view scope, Error error);
  Value value(ValueShape shape, tensor::DType dtype = tensor::DType::kF32);
  Value node(std::string_view scope, Op op, std::vector<Value> inputs, ValueShape out,
             std::vector<WeightId> weights = {}, StateId state = -1);
  Value input(InputKind kind, ValueShape shape, int32_t rope);
  // The weight of `role`, made of parts of these shapes; -1 after an error.
  WeightId weight(std::string_view scope, const std::string& role, WeightUse use,
                  const std::vector<tensor::Shape>& stored, tensor::Shape used);
  // The same of experts [count, out, in], stored in one tensor or in `parts` tensors an expert.
  WeightId expert_weight(std::string_view scope, const std::string& role, tensor::Shape shape,
                         uint64_t parts);
  WeightId optional_vector(std::string_view scope, const std::string& role,
                           const std::vector<tensor::Shape>& stored, int64_t size);
  const WeightBinding* binding(std::string_view role) const;

  const WeightMap* weights_;
  Graph graph_;
  Error error_{ErrorCode::kInternal, ""};
};

}  // namespace gerbil::graph
