#include "backend/host/plan.h"

#include <algorithm>

#include "graph/passes/fuse.h"
#include "graph/passes/int8_rows.h"
#include "graph/patches.h"
#include "graph/verify.h"
#include "platform/clock.h"
#include "platform/huge_pages.h"

namespace gerbil::backend {
namespace {

using graph::Rows;
using kernels::TensorView;

bool is_view(const graph::Node& node) {
  return std::holds_alternative<graph::Slice>(node.op) ||
         std::holds_alternative<graph::Reshape>(node.op);
}

// Taps that every plan keeps; the others are there for observers that asked.
bool is_result(const graph::Tap& tap) {
  return tap.name == "hidden.final" || tap.name == "logits" || tap.name == "sample" ||
         tap.name == "vis.merger";
}

}  // namespace

Result<graph::Graph> HostPlan::prepare(graph::Graph graph, const PlanOptions& options,
                                       kernels::Level level) {
  if (options.rows < 1 || options.rows > 65536)
    return invalid("rows of a step: expected 1 to 65536, found {}", options.rows);
  if (!options.taps)
    std::erase_if(graph.taps, [](const graph::Tap& tap) { return !is_result(tap); });
  graph = graph::fuse(std::move(graph), kernels::capabilities(level));
  GERBIL_CHECK_OK(graph::verify(graph));
  return graph;
}

Result<std::unique_ptr<Plan>> HostPlan::make(graph::Graph graph,
                                             std::shared_ptr<const HostWeights> weights,
                                             const PlanOptions& options, kernels::Level level,
                                             platform::Isa isa, platform::ThreadPool& pool) {
  GERBIL_TRY(graph, prepare(std::move(graph), options, level));
  std::unique_ptr<HostPlan> plan(
      new HostPlan(std::move(graph), std::move(weights), options, isa, pool));
  GERBIL_CHECK_OK(plan->bind(options, level));
  return plan;
}

Result<uint64_t> HostPlan::measure(graph::Graph graph, const PlanOptions& options,
                                   kernels::Level level, const kernels::Team& team) {
  GERBIL_TRY(graph, prepare(std::move(graph), options, level));
  GERBIL_TRY(const StepMemory memory, lay_out(graph, options, level, team));
  return memory.total_bytes();
}

Result<HostPlan::NodeKernels> HostPlan::choose_kernels(const graph::Node& node,
                                                       kernels::Level level) {
  NodeKernels chosen{};
  for (int rows = 0; rows < kernels::kRowClasses; ++rows) {
    const auto row_class = static_cast<kernels::RowClass>(rows);
    const kernels::KernelRow* row = kernels::find_kernel(graph::kind_of(node.op), level, row_class);
    if (row == nullptr)
      return fail(ErrorCode::kInternal, "no kernel for {} (in {})", graph::op_name(node.op),
                  node.scope);
    chosen[static_cast<size_t>(rows)] = row;
  }
  return chosen;
}

Result<HostPlan::StepMemory> HostPlan::lay_out(const graph::Graph& graph,
                                               const PlanOptions& options, kernels::Level level,
                                               const kernels::Team& team) {
  const int64_t rows = options.rows;
  // A graph has rows of a decoder or patches of an encoder, never both.
  const graph::RowLimits limits{
      .rows = rows, .runs = rows, .wanted = graph::kMaxWantedRows, .patches = rows};
  StepMemory memory;
  std::vector<uint64_t> int8_bytes(graph.values.size(), 0);
  memory.int8_rows.assign(graph.values.size(), -1);
  if (options.int8_activations && level == kernels::Level::kCpu) {
    memory.int8_rows = graph::find_int8_rows(graph, kernels::int8_writers());
    for (const graph::ValueId id : memory.int8_rows)
      if (id >= 0)
        int8_bytes[static_cast<size_t>(id)] =
            kernels::int8_rows_bytes(graph::row_limit(graph, id, limits), graph.shape(id).width());
  }
  // The reference shares no bytes between values: a wrong lifetime cannot hide in it.
  memory.values = graph::plan_memory(graph, limits, level == kernels::Level::kCpu, int8_bytes);
  int64_t numbers = 2;  // of a row: token, run
  for (const graph::RopeSpec& rope : graph.ropes) numbers += rope.rotary_dim();
  if (PatchInputs::wanted_by(graph)) numbers += 2 * graph::kTableTaps;
  memory.input_bytes = static_cast<uint64_t>(rows * numbers) * sizeof(float);
  for (const graph::Node& node : graph.nodes) {
    if (is_view(node)) continue;
    GERBIL_TRY(const NodeKernels chosen, choose_kernels(node, level));
    for (const kernels::KernelRow* row : chosen)
      if (row->scratch_bytes != nullptr)
        memory.scratch_bytes =
            std::max(memory.scratch_bytes, row->scratch_bytes(graph, node, limits, team));
  }
  return memory;
}

Status HostPlan::bind(const PlanOptions& options, kernels::Level level) {
  GERBIL_TRY(memory_, lay_out(graph_, options, level, {pool_->threads(), isa_}));
  const std::string what = fmt::format("the values of a step of {} rows", max_rows_);
  GERBIL_TRY(arena_, platform::allocate_large(memory_.values.arena_bytes, what));
  GERBIL_TRY(scratch_, platform::allocate_large(memory_.scratch_bytes, what));
  tokens_.resize(static_cast<size_t>(max_rows_));
  run_of_row_.resize(static_cast<size_t>(max_rows_));
  for (const graph::RopeSpec& rope : graph_.ropes)
    ropes_.emplace_back(static_cast<size_t>(max_rows_ * rope.rotary_dim()));
  if (PatchInputs::wanted_by(graph_)) patches_.emplace(graph_, max_rows_);

  for (size_t id = 0; id < graph_.values.size(); ++id) {
    const graph::ValueInfo& value = graph_.values[id];
    const graph::Placement& place = memory_.values.values[id];
    TensorView view{.dtype = value.dtype,
                    .heads = value.shape.heads,
                    .dim = value.shape.dim,
                    .row_stride = place.row_stride,
                    .head_stride = place.head_stride};
    if (value.input == graph::InputKind::kToken) {
      view.data = tokens_.data();
      view.row_stride = 1;
    } else if (value.input == graph::InputKind::kRopeTable) {
      view.data = ropes_[static_cast<size_t>(value.rope)].data();
      view.row_stride = value.shape.dim;
    } else if (value.input != graph::InputKind::kNone) {
      view.data = patches_->data(value.input);
      view.row_stride = value.shape.dim;
    } else {
      view.data = arena_.data() + place.offset_bytes;
    }
    views_.push_back(view);
  }
  for (const graph::Node& node : graph_.nodes)
    if (!is_view(node)) GERBIL_CHECK_OK(bind_node(node, level));
  bind_int8_rows();
  return {};
}

// Where a product does quantise: only weights in tiles are multiplied by codes.
void HostPlan::bind_int8_rows() {
  std::vector<std::byte*> codes(graph_.values.size(), nullptr);  // [ValueId of what is written]
  for (BoundNode& bound : nodes_) {
    if (!std::holds_alternative<graph::Linear>(bound.node->op) || !bound.weights[0].tiles) continue;
    const auto input = static_cast<size_t>(bound.node->inputs[0]);
    const graph::ValueId written = memory_.int8_rows[input];
    if (written < 0) continue;
    const auto number = static_cast<size_t>(written);
    codes[number] = arena_.data() + memory_.values.values[number].beside_bytes;
    bound.int8_input = codes[number];
  }
  for (BoundNode& bound : nodes_)
    bound.int8_output = codes[static_cast<size_t>(bound.node->outputs.back())];
}

Status HostPlan::bind_node(const graph::Node& node, kernels::Level level) {
  BoundNode bound{.node = &node};
  GERBIL_TRY(bound.kernels, choose_kernels(node, level));
  for (graph::ValueId id : node.inputs) bound.inputs.push_back(views_[static_cast<size_t>(id)]);
  for (graph::ValueId id : node.outputs) bound.outputs.push_back(views_[static_cast<size_t>(id)]);
  bound.wanted_part = graph_.shape(node.outputs.front()).rows == Rows::kWanted;
  for (graph::WeightId id : node.weights) {
    const std::string& role = graph_.weights[static_cast<size_t>(id)].role;
    const kernels::WeightView* weight = weights_->find(role);
    if (weight == nullptr) return fail(ErrorCode::kInternal, "weight \"{}\" was not loaded", role);
    bound.weights.push_back(*weight);
    bound.weight_bytes.push_back(static_cast<uint64_t>(weight->count) * weight->matrix_bytes());
  }
  nodes_.push_back(std::move(bound));
  return {};
}

Status HostPlan::check(const graph::Batch& batch) const {
  const auto rows = static_cast<size_t>(batch.rows());
  GERBIL_ASSERT(patches_.has_value() != batch.groups.empty());
  if (patches_) return patches_->check(batch);
  if (batch.rows() < 1 || batch.rows() > max_rows_)
    return invalid("a step of {} rows: this plan takes 1 to {}", batch.rows(), max_rows_);
  GERBIL_ASSERT(batch.position.size() == rows * static_cast<size_t>(batch.position_axes));
  GERBIL_ASSERT(batch.index.size() == rows && batch.see_until.size() == rows);
  GERBIL_ASSERT(batch.sampling.empty() || batch.sampling.size() == batch.wanted.size());
  int32_t next = 0;
  for (const graph::Run& run : batch.runs) {
    GERBIL_ASSERT(run.first == next && run.count > 0);
    next += run.count;
  }
  GERBIL_ASSERT(next == batch.rows());
  return {};
}

void HostPlan::fill_inputs(const graph::Batch& batch) {
  if (patches_) return patches_->fill(batch, ropes_);
  const std::vector<int32_t>& before = answers_[last_ % 2].ids;
  for (size_t row = 0; row < batch.token.size(); ++row) {
    tokens_[row] = batch.token[row];
    if (tokens_[row] != graph::kFromStep) continue;
    GERBIL_ASSERT(row < batch.from_wanted.size());
    const auto wanted = static_cast<size_t>(batch.from_wanted[row]);
    GERBIL_ASSERT(wanted < before.size());
    tokens_[row] = before[wanted];
  }
  const auto axes = static_cast<size_t>(batch.position_axes);
  for (size_t rope = 0; rope < ropes_.size(); ++rope) {
    const auto width = static_cast<size_t>(graph_.ropes[rope].rotary_dim());
    for (size_t row = 0; row < batch.token.size(); ++row)
      graph::fill_rope_row(graph_.ropes[rope], batch.position.subspan(row * axes, axes),
                           Span<float>(ropes_[rope]).subspan(row * width, width));
  }
  for (size_t number = 0; number < batch.runs.size(); ++number) {
    const graph::Run& run = batch.runs[number];
    std::fill_n(run_of_row_.begin() + run.first, run.count, static_cast<int32_t>(number));
  }
}

Result<Ticket> HostPlan::submit(const graph::Batch& batch, StateStore& states,
                                const StepObserver* observer) {
  GERBIL_CHECK_OK(check(batch));
  StepProfile* profile = observer != nullptr ? observer->profile : nullptr;
  if (profile != nullptr) {
    profile->calls.clear();
    profile->start_s = platform::monotonic_seconds();
  }
  auto& store = static_cast<HostStateStore&>(states);
  for (const graph::PageCopy& copy : batch.copies) store.copy_page(copy);
  fill_inputs(batch);

  kernels::Step step{.batch = &batch,
                     .run_of_row = Span<const int32_t>(run_of_row_).first(batch.token.size()),
                     .token = Span<const int32_t>(tokens_).first(batch.token.size())};
  for (const BoundNode& bound : nodes_)
    if (!bound.wanted_part) run(bound, step, store, profile);
  const bool watched = observer != nullptr && observer->on_tap;
  if (watched)
    for (const graph::Tap& tap : graph_.taps)
      if (const Rows rows = graph_.shape(tap.value).rows; rows != Rows::kWanted)
        GERBIL_CHECK_OK(show(tap, 0, row_count(rows, step), *observer));

  Answer& answer = answers_[(last_ + 1) % 2];
  answer.ids.clear();
  answer.logprobs.clear();
  answer.likeliest.clear();
  const bool logprobs =
      std::ranges::any_of(batch.sampling, [](const auto& row) { return row.logprobs >= 0; });
  const auto wanted = static_cast<int64_t>(batch.wanted.size());
  for (int64_t first = 0; first < wanted; first += graph::kMaxWantedRows) {
    step.first_wanted = first;
    step.wanted = std::min(graph::kMaxWantedRows, wanted - first);
    for (const BoundNode& bound : nodes_) {
      if (!bound.wanted_part) continue;
      if (graph::is_answer(bound.node->op) && batch.sampling.empty()) continue;
      if (std::holds_alternative<graph::Logprobs>(bound.node->op) && !logprobs) continue;
      run(bound, step, store, profile);
      if (graph::is_answer(bound.node->op)) collect(bound, step.wanted, answer);
    }
    if (watched)
      for (const graph::Tap& tap : graph_.taps)
        if (tap.name == "logits") GERBIL_CHECK_OK(show(tap, first, step.wanted, *observer));
  }
  if (profile != nullptr) profile->seconds = platform::monotonic_seconds() - profile->start_s;
  return ++last_;
}

int64_t HostPlan::row_count(Rows rows, const kernels::Step& step) const {
  switch (rows) {
    case Rows::kWanted:
      return step.wanted;
    case Rows::kPatches:
      return patches_->count();
    case Rows::kMerged:
      return patches_->count() / graph_.patches.merged();
    default:
      return step.batch->rows();
  }
}

void HostPlan::run(const BoundNode& bound, const kernels::Step& step, HostStateStore& states,
                   StepProfile* profile) {
  const int64_t rows = row_count(graph_.shape(bound.node->outputs.front()).rows, step);
  kernels::Call call{.op = &bound.node->op,
                     .weights = bound.weights,
                     .step = &step,
                     .pool = pool_,
                     .isa = isa_,
                     .int8_activations = int8_activations_,
                     .scratch = scratch_.bytes()};
  std::array<TensorView, 8> inputs;
  std::array<TensorView, 4> outputs;
  GERBIL_ASSERT(bound.inputs.size() <= inputs.size() && bound.outputs.size() <= outputs.size());
  for (size_t i = 0; i < bound.inputs.size(); ++i) {
    inputs[i] = bound.inputs[i];
    const graph::ValueInfo& value = graph_.values[static_cast<size_t>(bound.node->inputs[i])];
    inputs[i].rows = row_count(value.shape.rows, step);
    // Read where the caller keeps them.
    if (value.input == graph::InputKind::kPatches)
      inputs[i].data = const_cast<float*>(step.batch->patches.data());  // NOLINT: kernels only read
  }
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    outputs[i] = bound.outputs[i];
    outputs[i].rows = rows;
  }
  const auto codes_at = [](std::byte* memory, const TensorView& view) {
    const uint64_t size_bytes = kernels::int8_rows_bytes(view.rows, view.width());
    return kernels::int8_rows_in({memory, static_cast<size_t>(size_bytes)}, view.rows,
                                 view.width());
  };
  if (bound.int8_input != nullptr) call.int8_input = codes_at(bound.int8_input, inputs[0]);
  if (bound.int8_output != nullptr)
    call.int8_output = codes_at(bound.int8_output, outputs[bound.outputs.size() - 1]);
  call.inputs = Span<const TensorView>(inputs).first(bound.inputs.size());
  call.outputs = Span<const TensorView>(outputs).first(bound.outputs.size());
  if (bound.node->state >= 0) {
    const auto state = static_cast<size_t>(bound.node->state);
    if (std::holds_alternative<graph::KvState>(graph_.states[state].kind))
      call.kv = states.kv_view(bound.node->state);
    else
      call.slots = states.slot_view(bound.node->state);
  }
  const kernels::KernelRow& kernel = *bound.kernels[static_cast<size_t>(kernels::row_class(rows))];
  if (profile == nullptr) return kernel.run(call);
  OpCall record{.node = bound.node, .kernel = kernel.name, .rows = rows};
  record.cost = graph::cost_of(graph_, *bound.node,
                               {.batch = step.batch,
                                .wanted = step.wanted,
                                .weight_bytes = bound.weight_bytes,
                                .kv_position_bytes = call.kv.page_bytes / graph::kPagePositions});
  record.start_s = platform::monotonic_seconds();
  kernel.run(call);
  record.seconds = platform::monotonic_seconds() - record.start_s;
  profile->calls.push_back(record);
}

Status HostPlan::show(const graph::Tap& tap, int64_t first, int64_t count,
                      const StepObserver& observer) const {
  const TensorView& view = views_[static_cast<size_t>(tap.value)];
  std::vector<float> rows;
  rows.reserve(static_cast<size_t>(count * view.width()));
  for (int64_t row = 0; row < count; ++row)
    for (int64_t head = 0; head < view.heads; ++head)
      rows.insert(rows.end(), view.f32(row, head), view.f32(row, head) + view.dim);
  return observer.on_tap(tap.name, first, count, rows);
}

void HostPlan::collect(const BoundNode& bound, int64_t wanted, Answer& answer) {
  const TensorView& first = bound.outputs[0];
  if (std::holds_alternative<graph::Sample>(bound.node->op)) {
    answer.ids.insert(answer.ids.end(), first.i32(), first.i32() + wanted);
    return;
  }
  const TensorView& likeliest = bound.outputs[1];
  for (int64_t row = 0; row < wanted; ++row) {
    answer.logprobs.insert(answer.logprobs.end(), first.f32(row), first.f32(row) + first.dim);
    const int32_t* ids = likeliest.i32(row);
    answer.likeliest.insert(answer.likeliest.end(), ids, ids + likeliest.dim);
  }
}

Result<StepAnswer> HostPlan::take(Ticket ticket) {
  GERBIL_ASSERT(ticket == last_ || ticket + 1 == last_);
  const Answer& answer = answers_[ticket % 2];
  return StepAnswer{answer.ids, answer.logprobs, answer.likeliest};
}

}  // namespace gerbil::backend
