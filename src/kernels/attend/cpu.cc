#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attend/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include "graph/passes/memory.h"
#include "kernels/attend/blocks-inl.h"
#include "kernels/attend/row-inl.h"
#include "kernels/attend/split.h"
#include "kernels/attend/tile-inl.h"
#include "kernels/row_tasks.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend::HWY_NAMESPACE {

template <class Block>
void store_row(const Call& call, int64_t row) {
  const TensorView& k = call.inputs[1];
  const TensorView& v = call.inputs[2];
  const graph::Batch& batch = *call.step->batch;
  const auto run = static_cast<size_t>(call.step->run_of_row[static_cast<size_t>(row)]);
  const Span<const int32_t> pages =
      batch.runs[run].page_tables[static_cast<size_t>(call.kv.number)];
  const int64_t position = batch.index[static_cast<size_t>(row)];
  std::byte* page = call.kv.page(pages[static_cast<size_t>(position / kPagePositions)]);
  for (int64_t head = 0; head < k.heads; ++head)
    Block::store(call.kv, page, head, position % kPagePositions, k.f32(row, head),
                 v.f32(row, head));
}

// The parts of a row's heads become one; in the order of the keys.
void merge_row(const Sink& sink, int64_t row) {
  const TensorView& q = sink.call->inputs[0];
  for (int64_t head = 0; head < q.heads; ++head) {
    float largest = kLowest;
    for (int64_t part = 0; part < sink.parts; ++part)
      largest = std::max(largest, sink.partial(row, head, part)[0]);
    float sum = 0;
    float* total = sink.partial(row, head, 0);
    for (int64_t part = 0; part < sink.parts; ++part) {
      const float* partial = sink.partial(row, head, part);
      const FloatVector factor = hn::Exp(kFloats, hn::Set(kFloats, partial[0] - largest));
      sum += partial[1] * hn::GetLane(factor);
      for (int64_t i = 0; i < padded(q.dim); i += kLanes) {
        FloatVector lanes = hn::Mul(hn::Load(kFloats, partial + 16 + i), factor);
        if (part > 0) lanes = hn::Add(hn::Load(kFloats, total + 16 + i), lanes);
        hn::Store(lanes, kFloats, total + 16 + i);
      }
    }
    float* to = sink.call->outputs[0].f32(row, head);
    for (int64_t i = 0; i < q.dim; ++i) to[i] = total[16 + i] / sum;
  }
}

template <class Block>
void attend_unit(const Unit& unit, bool tiles, std::byte* slice) {
  if (!tiles) return attend_row<Block>(unit, unit.first_row + unit.unit, slice);
  const int64_t first_query = unit.unit * kTileQueries;
  if (unit.rows * unit.group - first_query <= kLanes)
    attend_tile<Block, 1>(unit, first_query, slice);
  else
    attend_tile<Block, 2>(unit, first_query, slice);
}

uint64_t worker_bytes(int64_t dim, int64_t group) {
  return whole_lines(
      std::max(TileMemory::bytes(dim), RowMemory::bytes(dim, std::min(group, kHeadsAtATime))));
}

// Floats of every row's parts.
int64_t partials_size(int64_t heads, int64_t dim) {
  return kMaxPartRows * heads * Sink::partial_size(dim);
}

template <class Block>
void attend(const Call& call) {
  const TensorView& q = call.inputs[0];
  const graph::Batch& batch = *call.step->batch;
  const auto& attributes = call.attributes<graph::Attend>();
  const int64_t kv_heads = call.kv.kv_heads;
  const int64_t group = q.heads / kv_heads;
  if (q.rows == 0) return;
  if (call.inputs.size() > 1)
    for_row_blocks(*call.pool, q.rows, 2 * kv_heads * q.dim,
                   [&](int64_t first, int64_t last) HWY_ATTR {
                     for (int64_t row = first; row < last; ++row) store_row<Block>(call, row);
                   });

  // Scratch: plans, parts, workers.
  std::byte* memory = call.scratch.data();
  auto* plans = reinterpret_cast<RunPlan*>(memory);
  memory += whole_lines(batch.runs.size() * sizeof(RunPlan));
  auto* partials = reinterpret_cast<float*>(memory);
  memory += whole_lines(static_cast<uint64_t>(partials_size(q.heads, q.dim)) * sizeof(float));
  const auto workers = call.scratch.subspan(static_cast<size_t>(memory - call.scratch.data()));

  int64_t tasks = 0;
  for (size_t i = 0; i < batch.runs.size(); ++i) {
    plans[i] = plan_run(batch, batch.runs[i], attributes.window, group, kLanes);
    plans[i].first_task = tasks;
    tasks += plans[i].units * kv_heads * plans[i].parts;
  }
  const auto sink_of = [&](size_t run, int64_t part) {
    Sink sink{
        .call = &call, .parts = plans[run].parts, .part = part, .stride = most_parts(batch.rows())};
    if (sink.parts > 1) sink.partials = partials;
    return sink;
  };
  for_tasks_with_scratch(
      *call.pool, tasks, workers, worker_bytes(q.dim, group),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        const RunPlan* plan = std::upper_bound(plans, plans + batch.runs.size(), task,
                                               [](int64_t number, const RunPlan& right) {
                                                 return number < right.first_task;
                                               }) -
                              1;
        const auto number = static_cast<size_t>(plan - plans);
        const graph::Run& run = batch.runs[number];
        const int64_t place = task - plan->first_task;
        const int64_t part = place % plan->parts;
        Unit unit{.call = &call,
                  .pages = run.page_tables[static_cast<size_t>(call.kv.number)],
                  .first_row = run.first,
                  .rows = run.count,
                  // Those with the most keys first.
                  .unit = plan->units - 1 - place / plan->parts / kv_heads,
                  .kv_head = place / plan->parts % kv_heads,
                  .group = group,
                  .scale = attributes.scale,
                  .sink = sink_of(number, part)};
        unit.part.first = (plan->first_page + part * plan->pages_per_part) * kPagePositions;
        unit.part.last = unit.part.first + plan->pages_per_part * kPagePositions - 1;
        attend_unit<Block>(unit, plan->tiles, slice);
      });
  for_row_blocks(*call.pool, q.rows, 64 * q.width(), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      const auto run = static_cast<size_t>(call.step->run_of_row[static_cast<size_t>(row)]);
      if (plans[run].parts > 1) merge_row(sink_of(run, 0), row);
    }
  });
}

void run(const Call& call) {
  switch (call.kv.type) {
    case graph::KvType::kF32:
      return attend<PlainBlock<float>>(call);
    case graph::KvType::kF16:
      return attend<PlainBlock<Half>>(call);
    case graph::KvType::kQ8:
      return attend<CodedBlock>(call);
  }
}

uint64_t scratch_bytes(int64_t runs, int64_t heads, int64_t kv_heads, int64_t dim, int threads) {
  return whole_lines(static_cast<uint64_t>(runs) * sizeof(RunPlan)) +
         whole_lines(static_cast<uint64_t>(partials_size(heads, dim)) * sizeof(float)) +
         static_cast<uint64_t>(threads) * worker_bytes(dim, heads / kv_heads);
}

}  // namespace gerbil::kernels::attend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::attend {

GERBIL_EXPORT(run);
GERBIL_EXPORT(scratch_bytes);
void highway(const Call& call) { run_for[call.isa](call); }

uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, const Team& team) {
  const graph::ValueShape& q = graph.shape(node.inputs[0]);
  const auto& state = graph.states[static_cast<size_t>(node.state)];
  return scratch_bytes_for[team.isa](
      limits.runs, q.heads, std::get<graph::KvState>(state.kind).kv_heads, q.dim, team.threads);
}

}  // namespace gerbil::kernels::attend
#endif
