#include "graph/passes/memory.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/checked_math.h"
#include "graph/view.h"

namespace gerbil::graph {
namespace {

constexpr size_t kEnd = std::numeric_limits<size_t>::max();

// Bytes of the arena, needed from the node that computes them to the last that reads them.
struct Block {
  ValueId value = -1;
  uint64_t size_bytes = 0;  // a multiple of the alignment
  uint64_t offset_bytes = 0;
  size_t first = 0;  // nodes
  size_t last = 0;

  uint64_t end_bytes() const { return offset_bytes + size_bytes; }
};

// One block a value that owns its bytes, in the order of the nodes.
std::vector<Block> find_blocks(const Graph& graph, const RowLimits& limits,
                               const std::vector<View>& views, Span<const uint64_t> beside) {
  std::vector<Block> blocks;
  std::vector<int64_t> block_of(graph.values.size(), -1);  // [ValueId of a base]
  const auto lives_until = [&](ValueId id, size_t node) {
    const int64_t block = block_of[static_cast<size_t>(views[static_cast<size_t>(id)].base)];
    if (block < 0) return;  // an input of the step
    size_t& last = blocks[static_cast<size_t>(block)].last;
    last = std::max(last, node);
  };
  for (size_t number = 0; number < graph.nodes.size(); ++number) {
    const Node& node = graph.nodes[number];
    const bool wanted = graph.shape(node.outputs[0]).rows == Rows::kWanted;
    for (ValueId id : node.inputs) {
      const bool read_by_every_piece = wanted && graph.shape(id).rows != Rows::kWanted;
      lives_until(id, read_by_every_piece ? kEnd : number);
    }
    if (is_view(node.op)) continue;
    for (ValueId id : node.outputs) {
      const ValueInfo& info = graph.values[static_cast<size_t>(id)];
      const int64_t rows = row_limit(graph, id, limits);
      GERBIL_ASSERT(rows >= 0 && rows <= kMaxPlanRows);
      const uint64_t bytes =
          static_cast<uint64_t>(rows * info.shape.width()) * tensor::size_bytes(info.dtype);
      const uint64_t beside_bytes = beside.empty() ? 0 : beside[static_cast<size_t>(id)];
      block_of[static_cast<size_t>(id)] = static_cast<int64_t>(blocks.size());
      blocks.push_back(
          {.value = id,
           .size_bytes = round_up(bytes, kArenaAlignment) + round_up(beside_bytes, kArenaAlignment),
           .first = number,
           .last = is_answer(node.op) ? kEnd : number});
    }
  }
  for (const Tap& tap : graph.taps) lives_until(tap.value, kEnd);
  return blocks;
}

// The start of the smallest hole that holds `block` between the blocks it must not overlap, else
// the first place behind them. `placed` is in the order of offsets.
uint64_t best_fit(const Block& block, const std::vector<Block>& placed) {
  uint64_t best = 0;
  uint64_t best_size = std::numeric_limits<uint64_t>::max();
  uint64_t hole = 0;  // where the space behind the blocks seen so far begins
  for (const Block& other : placed) {
    if (other.last < block.first || block.last < other.first) continue;
    if (other.offset_bytes > hole) {
      const uint64_t size = other.offset_bytes - hole;
      if (size >= block.size_bytes && size < best_size) {
        best = hole;
        best_size = size;
      }
    }
    hole = std::max(hole, other.end_bytes());
  }
  return best_size == std::numeric_limits<uint64_t>::max() ? hole : best;
}

// Largest first: the small ones fill the holes between the large ones.
void place_with_reuse(std::vector<Block>& blocks) {
  std::ranges::sort(blocks, [](const Block& a, const Block& b) {
    return a.size_bytes != b.size_bytes ? a.size_bytes > b.size_bytes : a.value < b.value;
  });
  std::vector<Block> placed;
  for (Block& block : blocks) {
    block.offset_bytes = best_fit(block, placed);
    const auto after =
        std::ranges::upper_bound(placed, block.offset_bytes, std::less{}, &Block::offset_bytes);
    placed.insert(after, block);
  }
}

void place_apart(std::vector<Block>& blocks) {
  uint64_t end = 0;
  for (Block& block : blocks) {
    block.offset_bytes = end;
    end = block.end_bytes();
  }
}

}  // namespace

int64_t row_limit(const Graph& graph, ValueId value, const RowLimits& limits) {
  switch (graph.shape(value).rows) {
    case Rows::kRows:
      return limits.rows;
    case Rows::kRuns:
      return limits.runs;
    case Rows::kWanted:
      return limits.wanted;
    case Rows::kPatches:
      return limits.patches;
    case Rows::kMerged:
      return limits.patches / graph.patches.merged();
    case Rows::kFrames:
      return limits.frames;
  }
  return 0;
}

MemoryPlan plan_memory(const Graph& graph, const RowLimits& limits, bool reuse,
                       Span<const uint64_t> beside) {
  const std::vector<View> views = find_views(graph);
  std::vector<Block> blocks = find_blocks(graph, limits, views, beside);
  if (reuse)
    place_with_reuse(blocks);
  else
    place_apart(blocks);

  MemoryPlan plan;
  std::vector<uint64_t> offsets(graph.values.size());  // [ValueId of a base]
  std::vector<uint64_t> ends(graph.values.size());
  for (const Block& block : blocks) {
    offsets[static_cast<size_t>(block.value)] = block.offset_bytes;
    ends[static_cast<size_t>(block.value)] = block.end_bytes();
    plan.arena_bytes = std::max(plan.arena_bytes, block.end_bytes());
  }
  const auto beside_start = [&](size_t base) {
    return ends[base] - (beside.empty() ? 0 : round_up(beside[base], kArenaAlignment));
  };
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const ValueInfo& info = graph.values[id];
    if (info.input != InputKind::kNone) {
      plan.values.emplace_back();
      continue;
    }
    const View& view = views[id];
    const auto inner = static_cast<uint64_t>(view.offset) * tensor::size_bytes(info.dtype);
    plan.values.push_back({.base = view.base,
                           .offset_bytes = offsets[static_cast<size_t>(view.base)] + inner,
                           .row_stride = graph.shape(view.base).width(),
                           .head_stride = view.head_stride,
                           .beside_bytes = beside_start(static_cast<size_t>(view.base))});
  }
  return plan;
}

}  // namespace gerbil::graph
