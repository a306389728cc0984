// The intermediate representation: typed operations over values, in execution order.
//
// A Graph is plain data made by graph::Builder, rewritten by the passes and read by a backend.
// Values, weights and states are named by index. Immutable once planned: share it between threads
// freely.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "graph/op.h"
#include "graph/rope.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace gerbil::graph {

using ValueId = int32_t;
using WeightId = int32_t;
using StateId = int32_t;

// The dimensions that a step decides.
enum class Rows : uint8_t {
  kRows,     // R: tokens of the step
  kRuns,     // S: sequences in the step
  kWanted,   // W: rows whose logits or sample are wanted
  kPatches,  // P: picture patches
  kMerged,   // M: what PatchLayout::merge_side^2 patches each become
  kFrames,   // F: sound frames
};

struct ValueShape {
  Rows rows = Rows::kRows;
  int64_t heads = 1;
  int64_t dim = 1;

  int64_t width() const { return heads * dim; }
  friend bool operator==(const ValueShape&, const ValueShape&) = default;
};

// Where a value without a producing node comes from.
enum class InputKind : uint8_t {
  kNone,
  kToken,
  kRopeTable,     // over patches: of their rows and columns in their group
  kPatches,       // Batch::patches
  kTableIds,      // Interpolate's: what patches.h makes of Batch::groups
  kTableFactors,  // likewise
};

struct ValueInfo {
  ValueShape shape;
  tensor::DType dtype = tensor::DType::kF32;  // f32, or i32 for ids
  InputKind input = InputKind::kNone;
  int32_t rope = -1;  // index into Graph::ropes where input is kRopeTable
};

// How a weight is used decides how a backend may store it.
enum class WeightUse : uint8_t {
  kMatrix,   // [out, in] of a linear layer: as stored, or quantised
  kTable,    // [vocab, dim]: rows are gathered; may also serve as a matrix (tied head)
  kVector,   // norms, biases, convolution kernels: f32
  kExperts,  // [experts, out, in]: a matrix each, as kMatrix; a step reads the chosen ones
};

struct Weight {
  std::string role;  // "layers.3.attention.qkv": graph::WeightMap says which stored tensors that is
  tensor::Shape shape;  // as the graph uses it
  WeightUse use = WeightUse::kMatrix;
};

// 32-position pages of K and V (state.h).
struct KvState {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t window = 0;  // 0: everything is kept; else keys this many positions back and older are
                       // never read again
};

// A block of f32 per sequence, kept in slots.
struct RecurrentState {
  tensor::Shape shape;
};

struct State {
  std::string name;  // "recurrent_state.layer0"
  std::variant<KvState, RecurrentState> kind;
};

struct Node {
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<WeightId> weights;
  StateId state = -1;
  std::string scope;  // "layers.3.attention": for people
};

// A value that can be observed under a name: "hidden.0", "hidden.final", "logits".
struct Tap {
  std::string name;
  ValueId value = -1;
};

// How the patches of a step lie: in squares of merge_side x merge_side, which become one row; and
// the side of the square table that Interpolate stretches over a group.
struct PatchLayout {
  int64_t merge_side = 1;
  int64_t table_side = 0;

  int64_t merged() const { return merge_side * merge_side; }
  friend bool operator==(const PatchLayout&, const PatchLayout&) = default;
};

struct Graph {
  std::vector<ValueInfo> values;
  std::vector<Weight> weights;
  std::vector<State> states;
  std::vector<RopeSpec> ropes;
  std::vector<Node> nodes;  // in execution order
  std::vector<Tap> taps;
  PatchLayout patches;  // of an encoder of pictures

  const ValueShape& shape(ValueId id) const { return values[static_cast<size_t>(id)].shape; }
};

}  // namespace gerbil::graph
