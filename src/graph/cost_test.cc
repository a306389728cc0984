#include "graph/cost.h"

#include <gtest/gtest.h>

#include <numeric>

#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

using testing::Mixer;

const Node& find(const Graph& graph, OpKind kind, std::string_view role = "") {
  for (const Node& node : graph.nodes) {
    if (kind_of(node.op) != kind) continue;
    if (role.empty() || graph.weights[static_cast<size_t>(node.weights[0])].role == role)
      return node;
  }
  ADD_FAILURE() << "no such node";
  return graph.nodes.front();
}

// One run of `rows` rows behind `before` earlier ones.
struct OneRun {
  std::vector<int32_t> index;
  StateWrite write;
  Run run;
  Batch batch;

  OneRun(int32_t before, int32_t rows) : index(static_cast<size_t>(rows)) {
    std::iota(index.begin(), index.end(), before);
    write = {.after_row = rows - 1, .slot = 0};
    run = {.first = 0,
           .count = rows,
           .page_tables = {},
           .state_in = before == 0 ? kZeroState : 0,
           .writes = {&write, 1}};
    batch = {.token = index, .index = index, .see_until = index, .runs = {&run, 1}};
  }
};

Graph decoder(Mixer mixer) {
  auto graph = testing::decoder({mixer});
  EXPECT_TRUE(graph);
  return *std::move(graph);
}

TEST(Cost, ProductsReadTheirWeightsOnce) {
  const Graph graph = decoder(Mixer::kAttention);
  const Node& linear = find(graph, kOpKindOf<Linear>, "layers.0.mlp.down");
  for (const int32_t rows : {1, 7}) {
    const OneRun step(0, rows);
    const uint64_t bytes[] = {4321};
    const Cost cost = cost_of(graph, linear, {.batch = &step.batch, .weight_bytes = bytes});
    const auto r = static_cast<uint64_t>(rows);
    EXPECT_EQ(cost.weight_bytes, 4321u);
    EXPECT_EQ(cost.operations, 2 * r * testing::kInner * testing::kHidden);
    EXPECT_EQ(cost.value_bytes, 4 * r * (testing::kInner + testing::kHidden));
    EXPECT_EQ(cost.state_read_bytes + cost.state_written_bytes, 0u);
  }
}

TEST(Cost, TheHeadWorksOnWantedRowsOnly) {
  const Graph graph = decoder(Mixer::kAttention);
  const OneRun step(0, 9);
  const uint64_t bytes[] = {1};
  const Node& gather = find(graph, kOpKindOf<GatherRows>);
  EXPECT_EQ(cost_of(graph, gather, {.batch = &step.batch, .wanted = 1}).value_bytes,
            2 * 4 * uint64_t{testing::kHidden});
  const Node& head = find(graph, kOpKindOf<Linear>, "embed");
  EXPECT_EQ(
      cost_of(graph, head, {.batch = &step.batch, .wanted = 1, .weight_bytes = bytes}).operations,
      2 * uint64_t{testing::kHidden * testing::kVocab});
}

TEST(Cost, TablesReadARowEach) {
  const Graph graph = decoder(Mixer::kAttention);
  const OneRun step(0, 3);
  const uint64_t bytes[] = {100 * testing::kVocab};
  const Cost cost =
      cost_of(graph, find(graph, kOpKindOf<Embed>), {.batch = &step.batch, .weight_bytes = bytes});
  EXPECT_EQ(cost.weight_bytes, 300u);
  EXPECT_EQ(cost.operations, 0u);
}

TEST(Cost, AttentionReadsWhatItSees) {
  const uint64_t width = testing::kHeads * testing::kHeadDim;
  const auto attend = [](Mixer mixer, int32_t before, int32_t rows) {
    const Graph graph = decoder(mixer);
    const OneRun step(before, rows);
    return cost_of(graph, find(graph, kOpKindOf<Attend>),
                   {.batch = &step.batch, .kv_position_bytes = 10});
  };
  const Cost one = attend(Mixer::kAttention, 99, 1);
  EXPECT_EQ(one.state_read_bytes, 1000u);
  EXPECT_EQ(one.state_written_bytes, 10u);
  EXPECT_EQ(one.operations, 4 * width * 100);
  const Cost many = attend(Mixer::kAttention, 0, 4);
  EXPECT_EQ(many.state_read_bytes, 40u);
  EXPECT_EQ(many.operations, 4 * width * (1 + 2 + 3 + 4));
  const Cost window = attend(Mixer::kWindow, 99, 2);  // of 8
  EXPECT_EQ(window.state_read_bytes, 90u);
  EXPECT_EQ(window.operations, 4 * width * 16);
}

TEST(Cost, RecurrentStatesAreReadAndWritten) {
  const Graph graph = decoder(Mixer::kDeltaNet);
  const uint64_t numbers = testing::kValueHeads * testing::kKeyDim * testing::kValueDim;
  const Node& rule = find(graph, kOpKindOf<DeltaRule>);
  const OneRun first(0, 5);
  const Cost fresh = cost_of(graph, rule, {.batch = &first.batch});
  EXPECT_EQ(fresh.state_read_bytes, 0u);
  EXPECT_EQ(fresh.state_written_bytes, 4 * numbers);
  EXPECT_EQ(fresh.operations, 7 * 5 * numbers);
  const OneRun later(5, 1);
  EXPECT_EQ(cost_of(graph, rule, {.batch = &later.batch}).state_read_bytes, 4 * numbers);
}

TEST(Cost, OfExpertsOnlyTheChosenOnesAreRead) {
  const Graph graph = decoder(Mixer::kExperts);
  const Node& experts = find(graph, kOpKindOf<Experts>);
  const uint64_t bytes[] = {600, 300};
  const uint64_t each = uint64_t{3} * testing::kExpertInner * testing::kHidden;
  for (const int32_t rows : {1, 2, 50}) {
    const OneRun step(0, rows);
    const Cost cost = cost_of(graph, experts, {.batch = &step.batch, .weight_bytes = bytes});
    EXPECT_EQ(cost.weight_bytes, 150u * static_cast<uint64_t>(std::min(6, 2 * rows)));
    EXPECT_EQ(cost.operations, 2 * 2 * static_cast<uint64_t>(rows) * each);
  }
}

}  // namespace
}  // namespace gerbil::graph
