// HostPlan: a graph bound to memory and kernels of this process; what reference and cpu share.
//
// Made once: values placed in one arena, a kernel chosen per node and row class, scratch sized for
// the largest. A step fills the token ids and cos/sin rows, then runs the nodes in order; the part
// behind gather_rows runs in pieces of kMaxWantedRows. Nothing is allocated in a step but what
// observers ask for.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "backend/host/patch_inputs.h"
#include "backend/host/state_store.h"
#include "backend/host/weights.h"
#include "graph/passes/memory.h"
#include "kernels/registry.h"
#include "platform/thread_pool.h"

namespace gerbil::backend {

class HostPlan final : public Plan {
 public:
  static Result<std::unique_ptr<Plan>> make(graph::Graph graph,
                                            std::shared_ptr<const HostWeights> weights,
                                            const PlanOptions& options, kernels::Level level,
                                            platform::Isa isa, platform::ThreadPool& pool);
  // size_bytes() of the plan that make() would make.
  static Result<uint64_t> measure(graph::Graph graph, const PlanOptions& options,
                                  kernels::Level level, const kernels::Team& team);

  Result<Ticket> submit(const graph::Batch& batch, StateStore& states,
                        const StepObserver* observer) override;
  bool ready(Ticket) override { return true; }
  Result<StepAnswer> take(Ticket ticket) override;
  int depth() const override { return 1; }
  uint64_t size_bytes() const override { return memory_.total_bytes(); }
  const graph::Graph& graph() const override { return graph_; }

 private:
  using NodeKernels = std::array<const kernels::KernelRow*, kernels::kRowClasses>;

  struct BoundNode {
    const graph::Node* node = nullptr;
    bool wanted_part = false;  // behind gather_rows
    NodeKernels kernels{};
    std::vector<kernels::TensorView> inputs;
    std::vector<kernels::TensorView> outputs;
    std::vector<kernels::WeightView> weights;
    std::vector<uint64_t> weight_bytes;  // of each
    // The first input, the last output as int8 codes too: where they lie. Null: not here.
    std::byte* int8_input = nullptr;
    std::byte* int8_output = nullptr;
  };

  // What a step of so many rows works in.
  struct StepMemory {
    graph::MemoryPlan values;
    std::vector<graph::ValueId> int8_rows;  // graph::find_int8_rows
    uint64_t scratch_bytes = 0;
    uint64_t input_bytes = 0;  // ids, runs, cos/sin rows

    uint64_t total_bytes() const { return values.arena_bytes + scratch_bytes + input_bytes; }
  };

  // The graph as it runs.
  static Result<graph::Graph> prepare(graph::Graph graph, const PlanOptions& options,
                                      kernels::Level level);
  static Result<StepMemory> lay_out(const graph::Graph& graph, const PlanOptions& options,
                                    kernels::Level level, const kernels::Team& team);
  static Result<NodeKernels> choose_kernels(const graph::Node& node, kernels::Level level);

  struct Answer {
    std::vector<int32_t> ids;
    std::vector<float> logprobs;
    std::vector<int32_t> likeliest;
  };

  HostPlan(graph::Graph graph, std::shared_ptr<const HostWeights> weights,
           const PlanOptions& options, platform::Isa isa, platform::ThreadPool& pool)
      : graph_(std::move(graph)),
        weights_(std::move(weights)),
        max_rows_(options.rows),
        int8_activations_(options.int8_activations),
        isa_(isa),
        pool_(&pool) {}

  Status bind(const PlanOptions& options, kernels::Level level);
  Status bind_node(const graph::Node& node, kernels::Level level);
  void bind_int8_rows();
  Status check(const graph::Batch& batch) const;
  void fill_inputs(const graph::Batch& batch);
  int64_t row_count(graph::Rows rows, const kernels::Step& step) const;
  static void collect(const BoundNode& bound, int64_t wanted, Answer& answer);
  // `profile` may be null.
  void run(const BoundNode& bound, const kernels::Step& step, HostStateStore& states,
           StepProfile* profile);
  Status show(const graph::Tap& tap, int64_t first, int64_t count,
              const StepObserver& observer) const;

  graph::Graph graph_;
  std::shared_ptr<const HostWeights> weights_;
  int64_t max_rows_;
  bool int8_activations_;
  platform::Isa isa_;
  platform::ThreadPool* pool_;

  StepMemory memory_;
  AlignedBuffer arena_;
  AlignedBuffer scratch_;
  std::vector<kernels::TensorView> views_;  // [ValueId]
  std::vector<BoundNode> nodes_;            // without views

  std::vector<int32_t> tokens_;            // [max_rows]
  std::vector<std::vector<float>> ropes_;  // [rope][max_rows * rotary_dim]
  std::optional<PatchInputs> patches_;     // where the graph is an encoder of pictures
  std::vector<int32_t> run_of_row_;        // [max_rows]
  std::array<Answer, 2> answers_;          // of the last two steps
  Ticket last_ = 0;
};

}  // namespace gerbil::backend
