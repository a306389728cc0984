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
  Choices choices;                             // that Runner::load would take
  graph::StateLayout layout;
  uint64_t page_bytes = 0;       // of 32 tokens, in the layers that keep every token
  uint64_t window_bytes = 0;     // all that the layers with a window keep of a long sequence
  uint64_t slot_bytes = 0;       // recurrent states after one token
  int32_t slots = 0;             // most of these that a conversation holds
  uint64_t kv_bytes = 0;         // of the state store: one conversation as long as the context
  uint64_t recurrent_bytes = 0;  // of the state store: its slots
  uint64_t free_bytes = 0;       // 0: the system does not say
  int64_t largest_context = 0;   // that fits into them with all the rest; 0: none does

  uint64_t weight_bytes() const;
  uint64_t state_bytes() const { return kv_bytes + recurrent_bytes; }  // StateStore::size_bytes()
  uint64_t total_bytes() const { return weight_bytes() + step_bytes + state_bytes(); }
};

// Errors as Runner::load's, but for memory that the system refuses.
Result<Footprint> measure(const model::Model& model, const RunnerOptions& options,
                          const LogSink& log);

// Pages by pool that one conversation of `context` tokens may hold, in steps of at most `rows`
// tokens, with its snapshots.
std::vector<int64_t> most_pages(const graph::StateLayout& layout, int64_t context, int64_t rows);

}  // namespace gerbil::runtime
