#include "graph/verify.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "graph/passes/fuse.h"
#include "graph/print.h"
#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

using ::testing::HasSubstr;
using testing::kExpertCount;
using testing::Mixer;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

Graph plain() {
  auto graph = testing::decoder(
      {Mixer::kWindow, Mixer::kGatedAttention, Mixer::kDeltaNet, Mixer::kExperts}, /*hidden=*/true);
  EXPECT_TRUE(graph) << graph.error().message;
  return *std::move(graph);
}
Graph fused() { return fuse(plain(), testing::everything()); }

// The n-th node of operation T.
template <class T>
Node& node(Graph& graph, size_t n = 0) {
  for (Node& node : graph.nodes)
    if (std::holds_alternative<T>(node.op) && n-- == 0) return node;
  ADD_FAILURE() << "no such node: " << op_name(kOpKindOf<T>);
  return graph.nodes[0];
}
template <class T>
T& op(Graph& graph, size_t n = 0) {
  return std::get<T>(node<T>(graph, n).op);
}
ValueInfo& input(Graph& graph, InputKind kind) {
  for (ValueInfo& info : graph.values)
    if (info.input == kind) return info;
  ADD_FAILURE() << "no such input";
  return graph.values[0];
}
ValueId id_of(Graph& graph, const ValueInfo& info) {
  return static_cast<ValueId>(&info - graph.values.data());
}
template <class T>
T& state(Graph& graph) {
  for (State& state : graph.states)
    if (T* found = std::get_if<T>(&state.kind)) return *found;
  std::abort();
}
ValueId new_value(Graph& graph, ValueShape shape) {
  graph.values.push_back({.shape = shape});
  return static_cast<ValueId>(graph.values.size() - 1);
}

TEST(Verify, AcceptsGoodGraphs) {
  EXPECT_TRUE(verify(plain())) << verify(plain()).error().message;
  EXPECT_TRUE(verify(fused())) << verify(fused()).error().message;
  EXPECT_TRUE(verify({}));
}

struct Mutation {
  const char* name;
  std::function<void(Graph&)> apply;
  const char* message;  // a part of the error
};

void expect_refused(const Graph& good, const std::vector<Mutation>& mutations) {
  for (const Mutation& mutation : mutations) {
    Graph graph = good;
    mutation.apply(graph);
    const Status status = verify(graph);
    ASSERT_FALSE(status) << mutation.name;
    EXPECT_EQ(status.error().code, ErrorCode::kInternal) << mutation.name;
    EXPECT_THAT(status.error().message, HasSubstr(mutation.message)) << mutation.name;
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos) << mutation.name;
  }
}

TEST(Verify, RefusesBrokenTables) {
  const std::vector<Mutation> mutations = {
      {"no heads", [](Graph& g) { g.values[5].shape.heads = 0; }, "%5: the shape [R, 0, "},
      {"negative dim", [](Graph& g) { g.values[5].shape.dim = -1; }, "out of range"},
      {"too wide", [](Graph& g) { g.values[5].shape = {Rows::kRows, kMaxWidth, 2}; },
       "out of range"},
      {"huge", [](Graph& g) { g.values[5].shape = {Rows::kRows, kHuge, kHuge}; }, "out of range"},
      {"rope of a computed value", [](Graph& g) { g.values[5].rope = 0; }, "%5 is no input"},
      {"token shape", [](Graph& g) { input(g, InputKind::kToken).shape.heads = 2; }, "tokens are"},
      {"token type", [](Graph& g) { input(g, InputKind::kToken).dtype = tensor::DType::kF32; },
       "tokens are"},
      {"no such rope", [](Graph& g) { input(g, InputKind::kRopeTable).rope = 9; }, "no rope 9"},
      {"rope table width", [](Graph& g) { input(g, InputKind::kRopeTable).shape.dim += 2; },
       "the table of rope 0 is [R, 1, 16]"},
      {"rope table of wanted rows",
       [](Graph& g) { input(g, InputKind::kRopeTable).shape.rows = Rows::kWanted; },
       "over rows of the step"},
      {"no frequencies", [](Graph& g) { g.ropes[1].inv_freq.clear(); }, "rope 1: 0 frequencies"},
      {"axes missing", [](Graph& g) { g.ropes[1].axis.pop_back(); }, "rope 1: 4 frequencies on 3"},
      {"no such axis", [](Graph& g) { g.ropes[0].axis[2] = 3; }, "no axis 3"},
      {"frequency", [](Graph& g) { g.ropes[0].inv_freq[2] = kNan; }, "a frequency is nan"},
      {"nameless weight", [](Graph& g) { g.weights[1].role.clear(); }, "a weight has no name"},
      {"weights of one name", [](Graph& g) { g.weights[1].role = g.weights[0].role; },
       "two weights are named \"embed\""},
      {"weight of three dims", [](Graph& g) { g.weights[2].shape.append(1); }, "out of range"},
      {"empty weight", [](Graph& g) { g.weights[2].shape = {128, 0}; }, "[128, 0] is out of range"},
      {"huge weight", [](Graph& g) { g.weights[2].shape = {uint64_t{1} << 63, uint64_t{1} << 63}; },
       "out of range"},
      {"flat matrix", [](Graph& g) { g.weights[2].shape = {128}; }, "out of range"},
      {"nameless state", [](Graph& g) { g.states[1].name.clear(); }, "a state has no name"},
      {"states of one name", [](Graph& g) { g.states[1].name = g.states[0].name; },
       "two states are named \"kv.0\""},
      {"no kv heads", [](Graph& g) { state<KvState>(g).kv_heads = 0; }, "kv_heads 0"},
      {"huge kv heads", [](Graph& g) { state<KvState>(g).head_dim = kHuge; }, "out of range"},
      {"negative window", [](Graph& g) { state<KvState>(g).window = -1; }, "window -1"},
      {"scalar state", [](Graph& g) { state<RecurrentState>(g).shape = {}; }, "out of range"},
      {"empty state", [](Graph& g) { state<RecurrentState>(g).shape = {80, 0}; }, "out of range"},
      {"huge state",
       [](Graph& g) { state<RecurrentState>(g).shape = {uint64_t{1} << 40, uint64_t{1} << 40}; },
       "out of range"},
      {"value without producer", [](Graph& g) { new_value(g, {}); }, "has no producer"},
      {"nameless tap", [](Graph& g) { g.taps[0].name.clear(); }, "a tap has no name"},
      {"taps of one name", [](Graph& g) { g.taps[0].name = g.taps[1].name; },
       "two taps are named \"hidden.1\""},
      {"tap of nothing", [](Graph& g) { g.taps[0].value = -1; }, "tap \"hidden.0\": %-1"},
      {"tap behind the last value",
       [](Graph& g) { g.taps[0].value = static_cast<ValueId>(g.values.size()); },
       "not a computed value"},
      {"tap of an input", [](Graph& g) { g.taps[0].value = id_of(g, input(g, InputKind::kToken)); },
       "not a computed value"},
  };
  expect_refused(plain(), mutations);
}

TEST(Verify, RefusesBrokenOperands) {
  const std::vector<Mutation> mutations = {
      {"no such input", [](Graph& g) { g.nodes[3].inputs[0] = 9999; },
       "input %9999 does not exist"},
      {"invalid input", [](Graph& g) { g.nodes[3].inputs[0] = -1; }, "input %-1 does not exist"},
      {"used before computed", [](Graph& g) { std::swap(g.nodes[1], g.nodes[2]); },
       "graph node 1, linear in layers.0.mixer: input %2 is used before it is computed"},
      {"own output as input", [](Graph& g) { g.nodes[3].inputs[0] = g.nodes[3].outputs[0]; },
       "before it is computed"},
      {"no such output", [](Graph& g) { g.nodes[3].outputs[0] = -1; }, "output %-1 does not exist"},
      {"two producers", [](Graph& g) { g.nodes[3].outputs = g.nodes[2].outputs; },
       "has another producer"},
      {"one output twice",
       [](Graph& g) {
         Node& gate = node<DeltaGate>(g);
         gate.outputs[1] = gate.outputs[0];
       },
       "has another producer"},
      {"writes an input of the step",
       [](Graph& g) { g.nodes[3].outputs[0] = id_of(g, input(g, InputKind::kToken)); },
       "has another producer"},
      {"no such weight", [](Graph& g) { g.nodes[1].weights[0] = 999; },
       "weight 999 does not exist"},
      {"no such state", [](Graph& g) { node<Attend>(g).state = 99; }, "state 99 does not exist"},
      {"negative state", [](Graph& g) { node<Attend>(g).state = -2; }, "state -2 does not exist"},
      {"state written twice",
       [](Graph& g) {
         // A second attention into the first one's state.
         op<Attend>(g, 1).window = 8;
         node<Attend>(g, 1).state = node<Attend>(g, 0).state;
       },
       "state \"kv.0\" is written twice"},
      {"state read first",
       [](Graph& g) {
         Node& attend = node<Attend>(g);
         attend.inputs.resize(1);
       },
       "state \"kv.0\" is read before it is written"},
      {"rows of the step behind gather_rows",
       [](Graph& g) {
         const ValueId x = g.nodes[0].outputs[0];
         g.nodes.push_back({.op = Silu{}, .inputs = {x}, .outputs = {new_value(g, g.shape(x))}});
       },
       "it follows gather_rows"},
      {"wanted rows fed back",
       [](Graph& g) {
         const ValueId wanted = node<GatherRows>(g).outputs[0];
         const ValueId x = g.nodes[0].outputs[0];
         g.nodes.push_back(
             {.op = Add{}, .inputs = {x, wanted}, .outputs = {new_value(g, g.shape(x))}});
       },
       "expected [R, 1, 64] F32, found [W, 1, 64] F32"},
  };
  expect_refused(plain(), mutations);
}

TEST(Verify, RefusesBrokenAttributes) {
  const std::vector<Mutation> mutations = {
      {"eps not a number", [](Graph& g) { op<RmsNorm>(g).eps = kNan; }, "eps is nan"},
      {"negative eps", [](Graph& g) { op<L2Norm>(g).eps = -1; }, "eps is -1"},
      {"l2 scale", [](Graph& g) { op<L2Norm>(g).scale = kInfinity; }, "scale is inf"},
      {"slice before the start", [](Graph& g) { op<Slice>(g).dim = -1; }, "leave the input"},
      {"slice behind the end", [](Graph& g) { op<Slice>(g).dim = 65; }, "dims 65+64 leave"},
      {"slice of everything", [](Graph& g) { op<Slice>(g) = {kHuge, kHuge, kHuge, kHuge}; },
       "leave the input"},
      {"slice of nothing", [](Graph& g) { op<Slice>(g).dims = 0; }, "leave the input"},
      {"slice of other heads", [](Graph& g) { op<Slice>(g).head = 1; }, "heads 1+1"},
      {"slice of fewer dims than its output", [](Graph& g) { op<Slice>(g).dims = 32; },
       "expected [R, 1, 32]"},
      {"view of an input",
       [](Graph& g) {
         Node& slice = node<Slice>(g);
         slice.inputs[0] = id_of(g, input(g, InputKind::kRopeTable));
         slice.op = Slice{0, 1, 0, 16};
       },
       "an input of the step"},
      {"reshape to another size", [](Graph& g) { op<Reshape>(g).dim = 17; },
       "does not hold 4 x 17 numbers"},
      {"huge reshape", [](Graph& g) { op<Reshape>(g) = {kHuge, kHuge}; }, "does not hold"},
      {"negative reshape", [](Graph& g) { op<Reshape>(g) = {-4, -16}; }, "does not hold"},
      {"reshape to another shape", [](Graph& g) { op<Reshape>(g) = {8, 8}; }, "expected [R, 8, 8]"},
      {"odd rotary dim", [](Graph& g) { op<Rope>(g).rotary_dim = 15; }, "rotary_dim is 15"},
      {"no rotary dim", [](Graph& g) { op<Rope>(g).rotary_dim = 0; }, "rotary_dim is 0"},
      {"rotary dim beyond the head", [](Graph& g) { op<Rope>(g).rotary_dim = 18; },
       "an even number of the 16 dims"},
      {"rotary dim of another table", [](Graph& g) { op<Rope>(g).rotary_dim = 8; },
       "expected [R, 1, 8]"},
      {"rope without a table",
       [](Graph& g) {
         Node& rope = node<Rope>(g);
         rope.inputs[1] = rope.inputs[0];
       },
       "is not a rope table"},
      {"attention scale", [](Graph& g) { op<Attend>(g).scale = kNan; }, "scale is nan"},
      {"window of the state", [](Graph& g) { op<Attend>(g).window = 9; },
       "window is 9, that of state \"kv.0\" is 8"},
      {"no window", [](Graph& g) { op<Attend>(g).window = 0; }, "that of state \"kv.0\" is 8"},
      {"attention in a recurrent state",
       [](Graph& g) { node<Attend>(g).state = node<Conv1d>(g).state; }, "is not a KV state"},
      {"convolution in a KV state", [](Graph& g) { node<Conv1d>(g).state = node<Attend>(g).state; },
       "is not a recurrent state"},
      {"delta rule in the convolution's state",
       [](Graph& g) { node<DeltaRule>(g).state = node<Conv1d>(g).state; },
       "expected shape [4, 8, 12], found [80, 4]"},
      {"no kernel", [](Graph& g) { op<Conv1d>(g).kernel = 0; }, "kernel is 0"},
      {"longer kernel", [](Graph& g) { op<Conv1d>(g).kernel = 5; }, "expected shape [80, 5]"},
      {"matrix as a table", [](Graph& g) { node<Embed>(g).weights = node<Linear>(g).weights; },
       "expected a table"},
      {"vector as a matrix", [](Graph& g) { node<Linear>(g).weights = node<Conv1d>(g).weights; },
       "expected a matrix"},
      {"experts as a matrix", [](Graph& g) { node<Linear>(g).weights = node<Experts>(g).weights; },
       "expected"},
      {"matrices as experts",
       [](Graph& g) {
         const WeightId matrix = node<Linear>(g).weights[0];
         node<Experts>(g).weights = {matrix, matrix};
       },
       "expected experts"},
      {"up and down exchanged",
       [](Graph& g) { std::swap(node<Experts>(g).weights[0], node<Experts>(g).weights[1]); },
       "expected shape"},
      {"more experts than there are", [](Graph& g) { op<Route>(g).top_k = kExpertCount + 1; },
       "top_k is 7 of 6 experts"},
      {"no expert", [](Graph& g) { op<Route>(g).top_k = 0; }, "top_k is 0"},
      {"a choice of other experts",
       [](Graph& g) {
         for (Weight& weight : g.weights)
           if (weight.use == WeightUse::kExperts)
             weight.shape = {kExpertCount - 1, weight.shape[1], weight.shape[2]};
       },
       "are not the choice of 5 experts"},
      {"ids that no route chose",
       [](Graph& g) { node<Experts>(g).inputs[2] = node<Experts>(g).inputs[0]; }, "expected"},
      {"a scale of more than a number",
       [](Graph& g) { node<ScaleRows>(g).inputs[1] = node<ScaleRows>(g).inputs[0]; },
       "expected [R, 1, 1]"},
      {"matrix as a vector", [](Graph& g) { node<RmsNorm>(g).weights = node<Linear>(g).weights; },
       "expected a vector"},
      {"norm of another layer's size",
       [](Graph& g) { node<RmsNorm>(g, 0).weights = node<RmsNorm>(g, 1).weights; },
       "expected shape [64], found [16]"},
      {"gather of wanted rows",
       [](Graph& g) {
         const ValueId x = node<GatherRows>(g).outputs[0];
         g.nodes.push_back(
             {.op = GatherRows{}, .inputs = {x}, .outputs = {new_value(g, g.shape(x))}});
       },
       "expected [R, 1, 64] F32, found [W, 1, 64]"},
  };
  expect_refused(plain(), mutations);
}

// Heads that do not divide need several places changed at once.
TEST(Verify, RefusesHeadsThatCannotBeShared) {
  Graph graph;
  graph.values = {
      {.shape = {Rows::kRows, 1, 1}, .dtype = tensor::DType::kI32, .input = InputKind::kToken}};
  graph.weights = {{"embed", {10, 24}, WeightUse::kTable}};
  const ValueId x = new_value(graph, {Rows::kRows, 1, 24});
  const ValueId three = new_value(graph, {Rows::kRows, 3, 8});
  const ValueId slice = new_value(graph, {Rows::kRows, 1, 16});
  const ValueId two = new_value(graph, {Rows::kRows, 2, 8});
  const ValueId out = new_value(graph, {Rows::kRows, 3, 8});
  graph.nodes = {{.op = Embed{}, .inputs = {0}, .outputs = {x}, .weights = {0}},
                 {.op = Reshape{3, 8}, .inputs = {x}, .outputs = {three}},
                 {.op = Slice{0, 1, 0, 16}, .inputs = {x}, .outputs = {slice}},
                 {.op = Reshape{2, 8}, .inputs = {slice}, .outputs = {two}}};
  ASSERT_TRUE([&] {
    Graph good = graph;
    good.values.pop_back();
    return verify(good);
  }());

  Graph attends = graph;
  attends.states = {{"kv", KvState{2, 8, 0}}};
  attends.nodes.push_back(
      {.op = Attend{1, 0}, .inputs = {three, two, two}, .outputs = {out}, .state = 0});
  EXPECT_THAT(verify(attends).error().message, HasSubstr("3 heads cannot share 2 kv heads evenly"));

  Graph delta = graph;
  const ValueId gate = new_value(delta, {Rows::kRows, 1, 3});
  delta.states = {{"delta", RecurrentState{{3, 8, 8}}}};
  delta.nodes.push_back({.op = Slice{0, 1, 0, 3}, .inputs = {x}, .outputs = {gate}});
  delta.nodes.push_back(
      {.op = DeltaRule{}, .inputs = {two, two, three, gate, gate}, .outputs = {out}, .state = 0});
  EXPECT_THAT(verify(delta).error().message,
              HasSubstr("3 value heads cannot share 2 key heads evenly"));
}

TEST(Verify, ReshapesOnlyRowsWithoutGaps) {
  const auto build = [](const std::function<Value(Scope, Value)>& view) {
    testing::FakeWeights weights;
    weights.add("embed", {{10, 24}});
    Builder builder(weights.map());
    const Scope s = builder.root();
    s.tap("y", view(s, s.embed("embed", 10, 24)));
    return builder.finish();
  };
  const auto good = [&](const std::function<Value(Scope, Value)>& view) {
    const auto graph = build(view);
    EXPECT_TRUE(graph) << graph.error().message;
  };
  const auto bad = [&](const std::function<Value(Scope, Value)>& view) {
    const auto graph = build(view);
    ASSERT_FALSE(graph);
    EXPECT_THAT(graph.error().message, HasSubstr("has gaps between its heads"));
  };
  // A part of the one head's dims is whole, a part of every head's dims is not.
  good([](Scope s, Value x) { return s.reshape(s.slice_dims(x, 4, 12), 3, 4); });
  bad([](Scope s, Value x) { return s.merge_heads(s.slice_dims(s.reshape(x, 2, 12), 0, 4)); });
  bad([](Scope s, Value x) { return s.reshape(s.slice_dims(s.reshape(x, 2, 12), 0, 4), 4, 2); });
  // All dims of every head are.
  good([](Scope s, Value x) { return s.merge_heads(s.slice_dims(s.reshape(x, 2, 12), 0, 12)); });
  // Gaps stay under another slice, unless one head remains.
  bad([](Scope s, Value x) {
    return s.merge_heads(s.slice_dims(s.slice_dims(s.reshape(x, 3, 8), 0, 4), 1, 2));
  });
  // What is computed from a value with gaps has none.
  good([](Scope s, Value x) {
    return s.merge_heads(s.silu(s.slice_dims(s.reshape(x, 2, 12), 0, 4)));
  });
}

TEST(Verify, AcceptsOneHeadOfManyAsARowWithoutGaps) {
  Graph graph;
  graph.values = {
      {.shape = {Rows::kRows, 1, 1}, .dtype = tensor::DType::kI32, .input = InputKind::kToken}};
  graph.weights = {{"embed", {10, 24}, WeightUse::kTable}};
  const ValueId x = new_value(graph, {Rows::kRows, 1, 24});
  const ValueId heads = new_value(graph, {Rows::kRows, 3, 8});
  const ValueId slice = new_value(graph, {Rows::kRows, 1, 4});
  const ValueId out = new_value(graph, {Rows::kRows, 2, 2});
  graph.nodes = {{.op = Embed{}, .inputs = {0}, .outputs = {x}, .weights = {0}},
                 {.op = Reshape{3, 8}, .inputs = {x}, .outputs = {heads}},
                 {.op = Slice{1, 1, 2, 4}, .inputs = {heads}, .outputs = {slice}},
                 {.op = Reshape{2, 2}, .inputs = {slice}, .outputs = {out}}};
  const Status status = verify(graph);
  EXPECT_TRUE(status) << status.error().message;
}

// Every node, value, weight and state, damaged in every way that counts.
class VerifyAll : public ::testing::TestWithParam<bool> {
 protected:
  Graph good() const { return GetParam() ? fused() : plain(); }
  static void expect_refused(const Graph& graph, const std::string& what) {
    EXPECT_FALSE(verify(graph)) << what << "\n" << print(graph);
  }
};
INSTANTIATE_TEST_SUITE_P(PlainAndFused, VerifyAll, ::testing::Bool());

TEST_P(VerifyAll, RefusesAnyOtherOperandCountOrState) {
  const Graph graph = good();
  for (size_t number = 0; number < graph.nodes.size(); ++number) {
    const std::string what = fmt::format("node {}", number);
    const auto damaged = [&](const std::function<void(Graph&, Node&)>& damage) {
      Graph copy = graph;
      damage(copy, copy.nodes[number]);
      expect_refused(copy, what);
    };
    damaged([](Graph&, Node& node) { node.inputs.pop_back(); });
    damaged([](Graph&, Node& node) { node.inputs.clear(); });
    damaged([](Graph&, Node& node) { node.inputs.push_back(node.inputs[0]); });
    damaged([](Graph&, Node& node) { node.outputs.clear(); });
    damaged([](Graph& copy, Node& node) {
      node.outputs.push_back(new_value(copy, copy.shape(node.outputs[0])));
    });
    damaged([](Graph&, Node& node) { node.weights.insert(node.weights.end(), {0, 0, 0}); });
    damaged([](Graph&, Node& node) { node.state = node.state < 0 ? 0 : -1; });
    // A norm does without its weight, but not if it is fused.
    if (!graph.nodes[number].weights.empty() &&
        !std::holds_alternative<RmsNorm>(graph.nodes[number].op))
      damaged([](Graph&, Node& node) { node.weights.pop_back(); });
  }
}

TEST_P(VerifyAll, RefusesAnyOtherShapeRowsOrType) {
  const Graph graph = good();
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const std::string what = fmt::format("value %{}", id);
    const auto damaged = [&](const std::function<void(ValueInfo&)>& damage) {
      Graph copy = graph;
      damage(copy.values[id]);
      expect_refused(copy, what);
    };
    damaged([](ValueInfo& info) { ++info.shape.heads; });
    damaged([](ValueInfo& info) { ++info.shape.dim; });
    damaged([](ValueInfo& info) { info.shape.dim *= 2; });
    damaged([](ValueInfo& info) { info.shape.rows = Rows::kRuns; });
    damaged([](ValueInfo& info) {
      info.shape.rows = info.shape.rows == Rows::kWanted ? Rows::kRows : Rows::kWanted;
    });
    damaged([](ValueInfo& info) {
      info.dtype = info.dtype == tensor::DType::kF32 ? tensor::DType::kI32 : tensor::DType::kF32;
    });
  }
}

TEST_P(VerifyAll, RefusesAnyOtherWeight) {
  const Graph graph = good();
  for (size_t id = 0; id < graph.weights.size(); ++id) {
    const Weight& weight = graph.weights[id];
    for (size_t axis = 0; axis < weight.shape.rank(); ++axis) {
      // Nothing says how large the vocabulary of the table alone is: here its head does.
      Graph copy = graph;
      tensor::Shape shape;
      for (size_t i = 0; i < weight.shape.rank(); ++i)
        shape.append(weight.shape[i] + (i == axis ? 1 : 0));
      copy.weights[id].shape = shape;
      expect_refused(copy, weight.role);
    }
    Graph copy = graph;
    copy.weights[id].use =
        weight.use == WeightUse::kMatrix ? WeightUse::kVector : WeightUse::kMatrix;
    expect_refused(copy, weight.role);
  }
}

TEST_P(VerifyAll, RefusesAnyOtherState) {
  const Graph graph = good();
  for (size_t id = 0; id < graph.states.size(); ++id) {
    const auto damaged = [&](auto kind) {
      Graph copy = graph;
      copy.states[id].kind = kind;
      expect_refused(copy, copy.states[id].name);
    };
    if (const auto* kv = std::get_if<KvState>(&graph.states[id].kind)) {
      damaged(KvState{kv->kv_heads + 1, kv->head_dim, kv->window});
      damaged(KvState{kv->kv_heads, kv->head_dim + 1, kv->window});
      damaged(KvState{kv->kv_heads, kv->head_dim, kv->window + 1});
      damaged(RecurrentState{{1}});
    } else {
      tensor::Shape shape = std::get<RecurrentState>(graph.states[id].kind).shape;
      shape.append(1);
      damaged(RecurrentState{shape});
      damaged(KvState{2, 16, 0});
    }
  }
}

}  // namespace
}  // namespace gerbil::graph
