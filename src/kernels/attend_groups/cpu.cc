// A block of keys after the other (softmax_block-inl.h). Keys and values are copied first, so that
// those of a head lie together.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attend_groups/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include <algorithm>

#include "graph/passes/memory.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/softmax_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend_groups::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

constexpr int kVectors = 2;
constexpr int64_t kQueries = kVectors * kLanes;
constexpr int64_t kKeys = 128;  // of a block

uint64_t floats(int64_t count) { return whole_lines(static_cast<uint64_t>(count) * sizeof(float)); }

// A worker's: queries and sums as [dim][queries], scores as [key][queries].
struct Memory {
  float* queries = nullptr;
  float* sums = nullptr;
  float* scores = nullptr;

  static uint64_t bytes(int64_t dim) {
    return 2 * floats(dim * kQueries) + floats(kKeys * kQueries);
  }
  Memory(std::byte* at, int64_t dim)
      : queries(reinterpret_cast<float*>(at)),
        sums(reinterpret_cast<float*>(at + floats(dim * kQueries))),
        scores(reinterpret_cast<float*>(at + 2 * floats(dim * kQueries))) {}
};

// The keys and values of a head of a group, [count][dim] each.
struct Packed {
  const float* keys = nullptr;
  const float* values = nullptr;
  int64_t count = 0;
};

// Queries of rows [row, row + used).
void attend_tile(const Call& call, const Packed& packed, int64_t row, int64_t used, int64_t head,
                 std::byte* slice) {
  const TensorView& q = call.inputs[0];
  const float scale = call.attributes<graph::AttendGroups>().scale;
  const Memory memory(slice, q.dim);
  std::fill_n(memory.queries, q.dim * kQueries, 0.0f);
  std::fill_n(memory.sums, q.dim * kQueries, 0.0f);
  for (int64_t lane = 0; lane < used; ++lane) {
    const float* from = q.f32(row + lane, head);
    for (int64_t i = 0; i < q.dim; ++i) memory.queries[i * kQueries + lane] = from[i];
  }
  const auto all = [](int64_t, int) HWY_ATTR { return hn::MaskFromVec(hn::Zero(kFloats)); };
  SoftmaxState<kVectors> state;
  for (int64_t begin = 0; begin < packed.count; begin += kKeys)
    add_softmax_block<kVectors>({.keys = packed.keys + begin * q.dim,
                                 .values = packed.values + begin * q.dim,
                                 .count = std::min(kKeys, packed.count - begin),
                                 .dim = q.dim,
                                 .queries = memory.queries,
                                 .scores = memory.scores,
                                 .sums = memory.sums},
                                scale, false, all, state);
  HWY_ALIGN float sum[kQueries];
  for (int v = 0; v < kVectors; ++v) hn::Store(state.sum[v], kFloats, sum + v * kLanes);
  for (int64_t lane = 0; lane < used; ++lane) {
    float* to = call.outputs[0].f32(row + lane, head);
    const float factor = 1.0f / sum[lane];
    for (int64_t i = 0; i < q.dim; ++i) to[i] = memory.sums[i * kQueries + lane] * factor;
  }
}

// Where a group begins, in rows and in tasks: a task is a tile of queries of one head.
struct GroupPlan {
  int64_t first_row = 0;
  int64_t first_task = 0;
  int64_t rows = 0;

  int64_t tiles() const { return (rows + kQueries - 1) / kQueries; }
};

}  // namespace

void run(const Call& call) {
  const TensorView& q = call.inputs[0];
  const TensorView& k = call.inputs[1];
  const TensorView& v = call.inputs[2];
  const Span<const graph::PatchGroup> groups = call.step->batch->groups;
  if (q.rows == 0) return;

  // Scratch: plans, keys, values, workers.
  std::byte* at = call.scratch.data();
  auto* plans = reinterpret_cast<GroupPlan*>(at);
  at += whole_lines(groups.size() * sizeof(GroupPlan));
  auto* keys = reinterpret_cast<float*>(at);
  at += floats(q.rows * q.width());
  auto* values = reinterpret_cast<float*>(at);
  at += floats(q.rows * q.width());
  const auto workers = call.scratch.subspan(static_cast<size_t>(at - call.scratch.data()));

  GroupPlan next;
  for (size_t i = 0; i < groups.size(); ++i) {
    next.rows = groups[i].patches();
    plans[i] = next;
    next.first_row += next.rows;
    next.first_task += next.tiles() * q.heads;
  }
  // Of the group's head, in keys and in values.
  const auto place = [&](const GroupPlan& group, int64_t head) {
    return group.first_row * q.width() + head * group.rows * q.dim;
  };
  const auto plan_of_row = [&](int64_t row) {
    return std::upper_bound(
               plans, plans + groups.size(), row,
               [](int64_t number, const GroupPlan& right) { return number < right.first_row; }) -
           1;
  };
  for_row_blocks(*call.pool, q.rows, 4 * q.width(), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const GroupPlan& group = *plan_of_row(row);
      for (int64_t head = 0; head < q.heads; ++head) {
        const int64_t to = place(group, head) + (row - group.first_row) * q.dim;
        std::copy_n(k.f32(row, head), q.dim, keys + to);
        std::copy_n(v.f32(row, head), q.dim, values + to);
      }
    }
  });
  for_tasks_with_scratch(
      *call.pool, next.first_task, workers, Memory::bytes(q.dim),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        const GroupPlan& group = *(std::upper_bound(plans, plans + groups.size(), task,
                                                    [](int64_t number, const GroupPlan& right) {
                                                      return number < right.first_task;
                                                    }) -
                                   1);
        const int64_t number = task - group.first_task;
        const int64_t head = number / group.tiles();
        const int64_t tile = number % group.tiles() * kQueries;
        const int64_t from = place(group, head);
        attend_tile(call, {keys + from, values + from, group.rows}, group.first_row + tile,
                    std::min(kQueries, group.rows - tile), head, slice);
      });
}

// Of so many rows, at most as many groups.
uint64_t scratch_bytes(int64_t rows, int64_t heads, int64_t dim, int threads) {
  return whole_lines(static_cast<uint64_t>(rows) * sizeof(GroupPlan)) +
         2 * floats(rows * heads * dim) + static_cast<uint64_t>(threads) * Memory::bytes(dim);
}

}  // namespace gerbil::kernels::attend_groups::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::attend_groups {

GERBIL_EXPORT(run);
GERBIL_EXPORT(scratch_bytes);
void highway(const Call& call) { run_for[call.isa](call); }

uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, const Team& team) {
  const graph::ValueShape& q = graph.shape(node.inputs[0]);
  return scratch_bytes_for[team.isa](graph::row_limit(graph, node.inputs[0], limits), q.heads,
                                     q.dim, team.threads);
}

}  // namespace gerbil::kernels::attend_groups
#endif
