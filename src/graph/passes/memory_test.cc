#include "graph/passes/memory.h"

#include <gtest/gtest.h>

#include <random>

#include "graph/batch.h"
#include "graph/passes/fuse.h"
#include "graph/print.h"
#include "graph/testing/blocks.h"
#include "graph/verify.h"

namespace gerbil::graph {
namespace {

using testing::Mixer;

constexpr RowLimits kLimits{.rows = 5, .runs = 3, .wanted = 2, .patches = 4, .frames = 1};

int64_t limit(Rows rows) {
  const int64_t limits[] = {kLimits.rows, kLimits.runs, kLimits.wanted, kLimits.patches,
                            kLimits.frames};
  return limits[static_cast<size_t>(rows)];
}

// Runs a graph over an arena that remembers who wrote each byte, in place of numbers. It knows
// nothing of lifetimes: a value is read wherever a node or tap reads it, and must find there what
// its producer left.
class Tracer {
 public:
  Tracer(const Graph& graph, const MemoryPlan& plan, Span<const uint64_t> beside)
      : graph_(graph), plan_(plan), beside_(beside), writer_(plan.arena_bytes / 4, -1) {}

  void run() {
    ASSERT_EQ(plan_.values.size(), graph_.values.size());
    ASSERT_EQ(plan_.arena_bytes % kArenaAlignment, 0u);
    place_owners();
    if (::testing::Test::HasFatalFailure()) return;
    // The part over wanted rows runs three times, as for many wanted rows.
    for (const Node& node : graph_.nodes)
      if (!is_wanted(node)) step(node);
    for (const Tap& tap : graph_.taps)
      if (!is_wanted(tap.value)) read(tap.value, "tap " + tap.name);
    for (int piece = 0; piece < 3; ++piece) {
      for (const Node& node : graph_.nodes)
        if (is_wanted(node)) step(node);
      for (const Node& node : graph_.nodes)
        if (is_answer(node.op))
          for (const ValueId output : node.outputs) read(output, "answer");
      for (const Tap& tap : graph_.taps) read(tap.value, "tap " + tap.name);
    }
  }

 private:
  using Byte = uint64_t;  // place in the arena; all elements have four

  bool is_wanted(ValueId id) const { return graph_.shape(id).rows == Rows::kWanted; }
  bool is_wanted(const Node& node) const { return is_wanted(node.outputs[0]); }
  const Placement& place(ValueId id) const { return plan_.values[static_cast<size_t>(id)]; }

  // [element of the value, row by row] -> its first byte.
  std::vector<Byte> bytes_of(ValueId id) const {
    const ValueShape& shape = graph_.shape(id);
    std::vector<Byte> bytes;
    for (int64_t row = 0; row < limit(shape.rows); ++row)
      for (int64_t head = 0; head < shape.heads; ++head)
        for (int64_t dim = 0; dim < shape.dim; ++dim)
          bytes.push_back(place(id).offset_bytes +
                          4 * static_cast<Byte>(row * place(id).row_stride +
                                                head * place(id).head_stride + dim));
    return bytes;
  }

  // Follows views from base to base by the definition of slice and reshape: owners_[v][i] is the
  // (value, element) that element i of v is.
  void place_owners() {
    owners_.resize(graph_.values.size());
    for (const Node& node : graph_.nodes) {
      for (ValueId id : node.outputs) {
        const ValueShape& shape = graph_.shape(id);
        const auto count = static_cast<size_t>(limit(shape.rows) * shape.width());
        auto& owner = owners_[static_cast<size_t>(id)];
        const bool view =
            std::holds_alternative<Slice>(node.op) || std::holds_alternative<Reshape>(node.op);
        if (!view) {
          ASSERT_EQ(place(id).base, id);
          ASSERT_EQ(place(id).offset_bytes % kArenaAlignment, 0u);
          for (size_t i = 0; i < count; ++i) owner.emplace_back(id, i);
        } else {
          const auto& from = owners_[static_cast<size_t>(node.inputs[0])];
          const ValueShape& in = graph_.shape(node.inputs[0]);
          if (const auto* slice = std::get_if<Slice>(&node.op)) {
            for (int64_t row = 0; row < limit(shape.rows); ++row)
              for (int64_t head = 0; head < slice->heads; ++head)
                for (int64_t dim = 0; dim < slice->dims; ++dim)
                  owner.push_back(from[static_cast<size_t>(
                      (row * in.heads + slice->head + head) * in.dim + slice->dim + dim)]);
          } else {
            owner = from;
          }
          ASSERT_FALSE(owner.empty());
          ASSERT_EQ(place(id).base, owner[0].first);
        }
        // Each element lies where its owner's element lies, inside the arena.
        const std::vector<Byte> bytes = bytes_of(id);
        ASSERT_EQ(bytes.size(), count);
        for (size_t i = 0; i < count; ++i) {
          ASSERT_LE(bytes[i] + 4, plan_.arena_bytes);
          ASSERT_EQ(bytes[i], byte_of_owner(owner[i]));
        }
      }
    }
  }

  Byte byte_of_owner(const std::pair<ValueId, size_t>& element) const {
    return place(element.first).offset_bytes + 4 * static_cast<Byte>(element.second);
  }

  // Calls f with each byte/4 of what lies beside a value's base.
  template <class F>
  void for_beside(ValueId base, F f) const {
    if (beside_.empty() || base < 0) return;
    const Placement& place = plan_.values[static_cast<size_t>(base)];
    ASSERT_EQ(place.beside_bytes % kArenaAlignment, 0u);
    for (uint64_t at = 0; at < beside_[static_cast<size_t>(base)]; at += 4)
      f((place.beside_bytes + at) / 4);
  }

  void read(ValueId id, const std::string& who) const {
    for (const auto& element : owners_[static_cast<size_t>(id)])
      ASSERT_EQ(writer_[byte_of_owner(element) / 4], element.first) << who << " reads %" << id;
    const ValueId base = place(id).base;
    for_beside(base, [&](uint64_t word) {
      ASSERT_EQ(writer_[word], base) << who << " reads beside %" << id;
    });
  }

  void step(const Node& node) {
    if (std::holds_alternative<Slice>(node.op) || std::holds_alternative<Reshape>(node.op)) return;
    for (ValueId id : node.inputs) read(id, std::string(op_name(node.op)));
    for (ValueId id : node.outputs)
      for (const auto& element : owners_[static_cast<size_t>(id)])
        writer_[byte_of_owner(element) / 4] = id;
    for (ValueId id : node.outputs) for_beside(id, [&](uint64_t word) { writer_[word] = id; });
    // A kernel may write its outputs before it has read all of its inputs.
    for (ValueId id : node.inputs) read(id, std::string(op_name(node.op)) + " (behind its output)");
    for (ValueId id : node.outputs) read(id, std::string(op_name(node.op)) + " (its output)");
  }

  const Graph& graph_;
  const MemoryPlan& plan_;
  Span<const uint64_t> beside_;
  std::vector<ValueId> writer_;  // [4 bytes of the arena]
  std::vector<std::vector<std::pair<ValueId, size_t>>> owners_;
};

void expect_sound(const Graph& graph, const MemoryPlan& plan, Span<const uint64_t> beside = {}) {
  Tracer(graph, plan, beside).run();
  for (size_t id = 0; id < graph.values.size(); ++id)
    EXPECT_EQ(plan.values[id].base == -1, graph.values[id].input != InputKind::kNone);
}

TEST(PlanMemory, DecodersWithAndWithoutReuse) {
  for (const bool hidden : {false, true}) {
    auto graph = testing::decoder(
        {Mixer::kDeltaNet, Mixer::kWindow, Mixer::kGatedAttention, Mixer::kAttention}, hidden);
    ASSERT_TRUE(graph) << graph.error().message;
    for (const bool is_fused : {false, true}) {
      const Graph ready = is_fused ? fuse(*graph, testing::everything()) : *graph;
      const MemoryPlan apart = plan_memory(ready, kLimits, false);
      const MemoryPlan reused = plan_memory(ready, kLimits, true);
      expect_sound(ready, apart);
      expect_sound(ready, reused);
      EXPECT_LT(reused.arena_bytes, apart.arena_bytes / 2);
    }
  }
}

TEST(PlanMemory, WhatLiesBesideAValueLivesAsLong) {
  auto graph = testing::decoder({Mixer::kDeltaNet, Mixer::kGatedAttention, Mixer::kAttention});
  ASSERT_TRUE(graph) << graph.error().message;
  const Graph ready = fuse(*graph, testing::everything());
  std::vector<uint64_t> beside(ready.values.size(), 0);
  for (size_t id = 0; id < beside.size(); ++id)
    if (ready.values[id].input == InputKind::kNone && id % 2 == 0) beside[id] = 4 * (id % 50 + 1);
  const MemoryPlan reused = plan_memory(ready, kLimits, true, beside);
  expect_sound(ready, plan_memory(ready, kLimits, false, beside), beside);
  expect_sound(ready, reused, beside);
  EXPECT_GT(reused.arena_bytes, plan_memory(ready, kLimits, true).arena_bytes);
}

TEST(PlanMemory, DeeperDecodersNeedNoMore) {
  const auto arena = [](size_t layers) {
    const auto graph = testing::decoder(std::vector<Mixer>(layers, Mixer::kAttention));
    EXPECT_TRUE(graph);
    return plan_memory(fuse(*graph, testing::everything()), kLimits, true).arena_bytes;
  };
  EXPECT_EQ(arena(3), arena(12));
}

TEST(PlanMemory, WithoutReuseEveryValueHasItsOwnPlace) {
  const auto graph = testing::decoder({Mixer::kGatedAttention, Mixer::kDeltaNet});
  ASSERT_TRUE(graph);
  const MemoryPlan plan = plan_memory(*graph, kLimits, false);
  std::vector<ValueId> owner(plan.arena_bytes, -1);
  for (size_t id = 0; id < graph->values.size(); ++id) {
    const Placement& place = plan.values[id];
    if (place.base != static_cast<ValueId>(id)) continue;
    const ValueShape& shape = graph->values[id].shape;
    const auto bytes = 4 * static_cast<uint64_t>(limit(shape.rows) * shape.width());
    for (uint64_t byte = place.offset_bytes; byte < place.offset_bytes + bytes; ++byte) {
      ASSERT_EQ(owner[byte], -1);
      owner[byte] = place.base;
    }
  }
}

TEST(PlanMemory, LaysOutViewsInsideTheirBase) {
  testing::FakeWeights weights;
  weights.add("x", {{10, 48}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  const Value x = s.embed("x", 10, 48);
  const Value heads = s.reshape(x, 3, 16);
  const Value part = s.slice_dims(heads, 4, 8);
  const Value inner = s.slice_dims(part, 2, 4);
  const Value flat = s.slice_dims(x, 16, 24);
  const Value cut = s.reshape(flat, 6, 4);
  s.tap("a", s.silu(inner));
  s.tap("b", s.silu(cut));
  const auto graph = builder.finish();
  ASSERT_TRUE(graph) << graph.error().message;
  const MemoryPlan plan = plan_memory(*graph, kLimits, true);
  expect_sound(*graph, plan);
  const auto expect_place = [&](Value value, uint64_t offset, int64_t head_stride) {
    const Placement& place = plan.values[static_cast<size_t>(value.id)];
    const uint64_t base = plan.values[static_cast<size_t>(x.id)].offset_bytes;
    EXPECT_EQ(place.base, x.id);
    EXPECT_EQ(place.offset_bytes, base + 4 * offset);
    EXPECT_EQ(place.row_stride, 48);
    EXPECT_EQ(place.head_stride, head_stride);
  };
  expect_place(x, 0, 48);
  expect_place(heads, 0, 16);
  expect_place(part, 4, 16);
  expect_place(inner, 6, 16);
  expect_place(cut, 16, 4);
}

TEST(PlanMemory, NeedsTwoPlacesForAChain) {
  testing::FakeWeights weights;
  weights.add("x", {{10, 16}});
  for (int i = 0; i < 6; ++i) weights.add("w" + std::to_string(i), {{16, 16}});
  Builder builder(weights.map());
  const Scope s = builder.root();
  Value x = s.embed("x", 10, 16);
  for (int i = 0; i < 6; ++i) x = s.linear("w" + std::to_string(i), x, 16);
  s.tap("y", x);
  const auto graph = builder.finish();
  ASSERT_TRUE(graph);
  const MemoryPlan plan = plan_memory(*graph, {.rows = 4, .wanted = 1}, true);
  EXPECT_EQ(plan.arena_bytes, 2u * 4 * 16 * 4);
}

TEST(PlanMemory, PlansForNoRowsAtAll) {
  const auto graph = testing::decoder({Mixer::kDeltaNet});
  ASSERT_TRUE(graph);
  EXPECT_EQ(plan_memory(*graph, {}, true).arena_bytes, 0u);
  EXPECT_EQ(plan_memory({}, kLimits, true).arena_bytes, 0u);
}

// ---- random graphs

class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) {}

  Graph make(int nodes, int wanted_nodes) {
    graph_.values.push_back({.dtype = tensor::DType::kI32, .input = InputKind::kToken});
    for (int i = 0; i < 3; ++i) {
      const int64_t width = 12 * pick(1, 8);
      emit(Embed{}, {0}, {Rows::kRows, 1, width},
           weight({10, static_cast<uint64_t>(width)}, WeightUse::kTable));
    }
    for (int i = 0; i < nodes; ++i) add_node();
    taps(nodes / 20);
    usable_.clear();
    const size_t rows_nodes = graph_.nodes.size();
    for (int i = 0; i < 3; ++i) {
      const Node& node = graph_.nodes[static_cast<size_t>(pick(0, int64_t(rows_nodes) - 1))];
      ValueShape shape = graph_.shape(node.outputs[0]);
      const ValueId from = node.outputs[0];
      shape.rows = Rows::kWanted;
      emit(GatherRows{}, {from}, shape);
    }
    for (int i = 0; i < wanted_nodes / 2; ++i) add_node();
    add_sample();
    for (int i = 0; i < wanted_nodes / 2; ++i) add_node();
    taps(wanted_nodes / 10);
    return std::move(graph_);
  }

 private:
  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  // Often a recent value, sometimes an old one.
  ValueId any() {
    const auto count = static_cast<int64_t>(usable_.size());
    const int64_t back = pick(0, 3) == 0 ? pick(0, count - 1) : std::min(pick(0, 5), count - 1);
    return usable_[static_cast<size_t>(count - 1 - back)];
  }
  void taps(int count) {
    for (int i = 0; i < count; ++i)
      graph_.taps.push_back({"tap" + std::to_string(graph_.taps.size()), any()});
  }
  std::vector<WeightId> weight(tensor::Shape shape, WeightUse use) {
    graph_.weights.push_back({"w" + std::to_string(graph_.weights.size()), shape, use});
    return {static_cast<WeightId>(graph_.weights.size() - 1)};
  }
  void emit(Op op, std::vector<ValueId> inputs, ValueShape shape,
            std::vector<WeightId> weights = {}) {
    graph_.values.push_back({.shape = shape});
    const auto id = static_cast<ValueId>(graph_.values.size() - 1);
    graph_.nodes.push_back(
        {.op = op, .inputs = std::move(inputs), .outputs = {id}, .weights = std::move(weights)});
    usable_.push_back(id);
  }

  // Its ids are an answer: they stay, though no node reads them.
  void add_sample() {
    const ValueShape last = graph_.shape(usable_.back());
    emit(Silu{}, {usable_.back()}, last);
    emit(Reshape{1, last.width()}, {usable_.back()}, {last.rows, 1, last.width()});
    emit(Sample{}, {usable_.back()}, {last.rows, 1, 1});
    graph_.values.back().dtype = tensor::DType::kI32;
    const ValueId ids = usable_.back();
    usable_.pop_back();
    emit(Logprobs{}, {usable_.back(), ids}, {last.rows, 1, 1 + kMaxLogprobs});
    usable_.pop_back();
    graph_.values.push_back({.shape = {last.rows, 1, kMaxLogprobs}, .dtype = tensor::DType::kI32});
    graph_.nodes.back().outputs.push_back(static_cast<ValueId>(graph_.values.size() - 1));
  }

  void add_node() {
    const ValueId x = any();
    const ValueShape shape = graph_.shape(x);
    switch (pick(0, 6)) {
      case 0: {  // a partner of the same shape, if there is one
        ValueId y = x;
        for (int i = 0; i < 20 && (y == x || graph_.shape(y) != shape); ++i) y = any();
        if (graph_.shape(y) != shape) y = x;
        return emit(Add{}, {x, y}, shape);
      }
      case 1:
        return emit(Silu{}, {x}, shape);
      case 2: {
        if (shape.heads != 1) return emit(Sigmoid{}, {x}, shape);
        const int64_t out = 12 * pick(1, 8);
        return emit(Linear{}, {x}, {shape.rows, 1, out},
                    weight({static_cast<uint64_t>(out), static_cast<uint64_t>(shape.dim)},
                           WeightUse::kMatrix));
      }
      case 3: {  // two outputs
        emit(AddRmsNorm{1e-6F}, {x, x}, shape,
             weight({static_cast<uint64_t>(shape.dim)}, WeightUse::kVector));
        graph_.values.push_back({.shape = shape});
        usable_.push_back(static_cast<ValueId>(graph_.values.size() - 1));
        return graph_.nodes.back().outputs.push_back(usable_.back());
      }
      case 4: {
        const int64_t heads = pick(1, shape.heads);
        const int64_t dims = pick(1, shape.dim);
        return emit(Slice{pick(0, shape.heads - heads), heads, pick(0, shape.dim - dims), dims},
                    {x}, {shape.rows, heads, dims});
      }
      default: {  // a reshape that verify may refuse for gaps: then a copy first
        int64_t heads = pick(1, 6);
        while (shape.width() % heads != 0) --heads;
        emit(Sigmoid{}, {x}, shape);
        return emit(Reshape{heads, shape.width() / heads}, {usable_.back()},
                    {shape.rows, heads, shape.width() / heads});
      }
    }
  }

  std::mt19937 random_;
  Graph graph_;
  std::vector<ValueId> usable_;
};

class PlanRandom : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, PlanRandom, ::testing::Range(1u, 13u));

TEST_P(PlanRandom, NeverOverwritesWhatIsStillRead) {
  const Graph graph = RandomGraph(GetParam()).make(400, 60);
  const Status status = verify(graph);
  ASSERT_TRUE(status) << status.error().message;
  const MemoryPlan apart = plan_memory(graph, kLimits, false);
  const MemoryPlan reused = plan_memory(graph, kLimits, true);
  expect_sound(graph, apart);
  expect_sound(graph, reused);
  EXPECT_LT(reused.arena_bytes, apart.arena_bytes);
  const Graph fused = fuse(graph, testing::everything());
  const Status fused_status = verify(fused);
  ASSERT_TRUE(fused_status) << fused_status.error().message;
  expect_sound(fused, plan_memory(fused, kLimits, true));
}

}  // namespace
}  // namespace gerbil::graph
