// BoundCase: a Case in memory. Inputs, weights and states are filled from a seeded generator, the
// same for every run; outputs are poisoned with NaN before each run; every buffer is guarded.
//
// run() calls one kernel, run_expected() computes the right answer in the same memory: with the
// operation's reference kernel, or for a fused operation with those of the operations that
// graph::decompose replaces it by. Owns all its memory; use from one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernel.h"
#include "kernels/registry.h"
#include "kernels/testing/case.h"
#include "kernels/testing/guarded_buffer.h"

namespace gerbil::kernels::testing {

// What a run left behind: an output, or the pages or slots of the state.
struct Observed {
  std::string name;
  bool exact = false;           // ids; bytes of q8 pages
  std::vector<double> numbers;  // outputs: [rows * heads * dim]
};

class BoundCase {
 public:
  BoundCase(const Case& bound, uint64_t seed);
  BoundCase(const BoundCase&) = delete;
  BoundCase& operator=(const BoundCase&) = delete;

  // Restores states, poisons outputs, calls the kernel.
  void run(const KernelRow& row, platform::ThreadPool& pool,
           platform::Isa isa = platform::best_isa());
  // Calls the kernel again as it stands: for timing.
  void run_again(const KernelRow& row, platform::ThreadPool& pool,
                 platform::Isa isa = platform::best_isa());
  void run_expected(platform::ThreadPool& pool);

  std::vector<Observed> observed() const;
  // Names a buffer that the last run wrote to without leave; empty if there is none.
  std::string damage() const;

 private:
  struct Value {
    ViewSpec spec;
    GuardedBuffer buffer;
    std::vector<std::byte> before;  // inputs: what must still be there
    TensorView view;
  };

  Value make_value(const ViewSpec& spec);
  void make_states(uint64_t seed);
  void make_batch(uint64_t seed);
  void restore();
  void call(const KernelRow& row, const graph::Graph& graph, const graph::Node& node,
            platform::Isa isa, platform::ThreadPool& pool);
  // Which of values_ a value is: the case's own are tapped.
  size_t own_value(const graph::Graph& graph, graph::ValueId id) const;

  Case case_;
  graph::Graph graph_;         // the one node
  std::vector<Value> values_;  // [ValueId] inputs, then outputs
  std::deque<GuardedBuffer> weight_buffers_;
  std::vector<WeightView> weights_;

  std::deque<GuardedBuffer> segments_;  // of KV pages or of slots
  std::vector<std::vector<std::byte>> segments_before_;
  std::vector<std::byte*> page_segments_;
  std::vector<float*> slot_segments_;
  KvView kv_;
  SlotView slots_;

  graph::Batch batch_;
  std::vector<int32_t> token_;
  std::vector<int32_t> run_of_row_;
  std::vector<graph::Run> runs_;
  std::vector<Span<const int32_t>> page_tables_;  // one per run
  std::vector<graph::SoftRow> soft_;
  std::vector<float> soft_values_;
  Step step_;
  GuardedBuffer scratch_;
};

}  // namespace gerbil::kernels::testing
