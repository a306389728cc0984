#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/delta_rule/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include "graph/passes/memory.h"
#include "kernels/delta_rule/chunked-inl.h"
#include "kernels/scratch_tasks.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::delta_rule::HWY_NAMESPACE {

// A chunk costs more than the rows it saves where it is shorter: on average, as runs are cut at
// their state writes.
inline constexpr size_t kFewestChunkRows = 4;

bool pays(const graph::Run& run) {
  return static_cast<size_t>(run.count) >=
         kFewestChunkRows * std::max<size_t>(1, run.writes.size());
}

uint64_t worker_bytes(int64_t dk, int64_t dv, bool chunked) {
  int64_t floats = recurrent_size(dk, dv);
  if (chunked) floats = std::max(floats, ChunkMemory::size(dk, dv));
  return whole_lines(static_cast<uint64_t>(floats) * sizeof(float));
}

void run(const Call& call, bool chunked) {
  const Span<const graph::Run> runs = call.step->batch->runs;
  const int64_t heads = call.inputs[2].heads;
  const int64_t tasks = static_cast<int64_t>(runs.size()) * heads;
  const uint64_t bytes_each = worker_bytes(call.inputs[1].dim, call.inputs[2].dim, chunked);
  for_tasks_with_scratch(
      *call.pool, tasks, call.scratch, bytes_each, [&](int64_t task, std::byte* slice) HWY_ATTR {
        const Head head(call, runs[static_cast<size_t>(task / heads)], task % heads);
        auto* memory = reinterpret_cast<float*>(slice);
        if (chunked && pays(*head.run))
          run_chunks(head, memory);
        else
          run_recurrence(head, memory);
      });
}

}  // namespace gerbil::kernels::delta_rule::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::delta_rule {
namespace {

GERBIL_EXPORT(run);
GERBIL_EXPORT(worker_bytes);

uint64_t scratch_bytes(const graph::Graph& graph, const graph::Node& node, const Team& team,
                       bool chunked) {
  return static_cast<uint64_t>(team.threads) *
         worker_bytes_for[team.isa](graph.shape(node.inputs[1]).dim,
                                    graph.shape(node.inputs[2]).dim, chunked);
}

}  // namespace

void recurrent(const Call& call) { run_for[call.isa](call, false); }
uint64_t recurrent_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                                 const graph::RowLimits&, const Team& team) {
  return scratch_bytes(graph, node, team, false);
}

void chunked(const Call& call) { run_for[call.isa](call, true); }
uint64_t chunked_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits&, const Team& team) {
  return scratch_bytes(graph, node, team, true);
}

}  // namespace gerbil::kernels::delta_rule
#endif
