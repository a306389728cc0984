// Vector lanes are queries, so that scores, maxima and sums need no reduction across lanes, and
// keys and values are single factors. Softmax is computed a block of keys at a time, the sums
// rescaled when a larger score comes (Dao et al., FlashAttention, arXiv 2205.14135). Keys and
// values are copied first, so that those of a head lie together.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attend_groups/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include <algorithm>
#include <limits>

#include "graph/passes/memory.h"
#include "kernels/kernel.h"
#include "kernels/row_tasks.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"
#include "kernels/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend_groups::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

constexpr int64_t kQueries = 2 * kLanes;
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

struct State {
  FloatVector largest0, largest1;
  FloatVector sum0, sum1;
};

// Keys [begin, end) of the group.
HWY_INLINE void add_keys(const Packed& packed, int64_t begin, int64_t end, int64_t dim, float scale,
                         const Memory& memory, State& state) {
  const int64_t count = end - begin;
  const FloatVector factor = hn::Set(kFloats, scale);
  FloatVector largest[2] = {state.largest0, state.largest1};
  const FloatVector before[2] = {state.largest0, state.largest1};
  FloatVector sum[2] = {state.sum0, state.sum1};
  product<2>(
      count, {packed.keys + begin * dim, dim, 1}, memory.queries, kQueries, 0, dim,
      [](int64_t, int) HWY_ATTR { return hn::Zero(kFloats); },
      [&](int64_t j, int v, FloatVector score) HWY_ATTR {
        hn::Store(hn::Mul(score, factor), kFloats, memory.scores + j * kQueries + v * kLanes);
      });
  for (int64_t j = 0; j < count; ++j)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v)
      largest[v] =
          hn::Max(largest[v], hn::Load(kFloats, memory.scores + j * kQueries + v * kLanes));
  FloatVector rescale[2];
#pragma GCC unroll 2
  for (int v = 0; v < 2; ++v) {
    rescale[v] = hn::Exp(kFloats, hn::Sub(before[v], largest[v]));
    sum[v] = hn::Mul(sum[v], rescale[v]);
  }
  for (int64_t j = 0; j < count; ++j)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      float* at = memory.scores + j * kQueries + v * kLanes;
      const FloatVector weight = hn::Exp(kFloats, hn::Sub(hn::Load(kFloats, at), largest[v]));
      hn::Store(weight, kFloats, at);
      sum[v] = hn::Add(sum[v], weight);
    }
  product<2>(
      dim, {packed.values + begin * dim, 1, dim}, memory.scores, kQueries, 0, count,
      [&](int64_t i, int v) HWY_ATTR {
        return hn::Mul(hn::Load(kFloats, memory.sums + i * kQueries + v * kLanes), rescale[v]);
      },
      [&](int64_t i, int v, FloatVector total)
          HWY_ATTR { hn::Store(total, kFloats, memory.sums + i * kQueries + v * kLanes); });
  state = {largest[0], largest[1], sum[0], sum[1]};
}

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
  const FloatVector lowest = hn::Set(kFloats, std::numeric_limits<float>::lowest());
  State state{lowest, lowest, hn::Zero(kFloats), hn::Zero(kFloats)};
  for (int64_t begin = 0; begin < packed.count; begin += kKeys)
    add_keys(packed, begin, std::min(packed.count, begin + kKeys), q.dim, scale, memory, state);
  HWY_ALIGN float sum[kQueries];
  hn::Store(state.sum0, kFloats, sum);
  hn::Store(state.sum1, kFloats, sum + kLanes);
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
