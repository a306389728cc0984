// Footprint: the memory that a model would take, computed by the code that would take it, but
// without reading weights or allocating. What is counted is what the Runner and one conversation
// hold: weights, the work memory of a step, pages and slots.
//
// Pure but for the system's free memory, from which a default context follows. Any thread.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "model/model.h"
#include "runtime/runner.h"

namespace gerbil::runtime {

struct Footprint {
  std::string backend;
  int threads = 0;
  std::vector<backend::PackedWeight> weights;  // in the order of the graph
  uint64_t step_bytes = 0;                     // Plan::size_bytes()
  int64_t context = 0;                         // that Runner::load would take
  graph::StateLayout layout;
  uint64_t kv_bytes_per_page = 0;  // 32 tokens of every layer that keeps all of them
  uint64_t window_bytes = 0;       // all that layers with a window keep of a long sequence
  uint64_t slot_bytes = 0;         // recurrent states of one place of a sequence
  int32_t slots = 0;               // most of them that a conversation holds
  uint64_t state_bytes = 0;     // StateStore::size_bytes(), one conversation as long as the context
  int64_t largest_context = 0;  // that fits `free_bytes` with all the rest; 0: none does
  uint64_t free_bytes = 0;      // 0: the system does not say

  uint64_t weight_bytes() const;
  uint64_t total_bytes() const { return weight_bytes() + step_bytes + state_bytes; }
};

// Errors as Runner::load's, but for memory that the system refuses.
Result<Footprint> measure(const model::Model& model, const RunnerOptions& options,
                          const LogSink& log);

// Pages by pool that one conversation of `context` tokens may hold, in steps of at most `rows`
// tokens, with its snapshots.
std::vector<int64_t> most_pages(const graph::StateLayout& layout, int64_t context, int64_t rows);

}  // namespace gerbil::runtime
