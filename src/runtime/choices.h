// What a run chooses for itself: how weights are held and how long a sequence may become, by what
// is stored and by the memory that is free now.
//
// Pure but for the system's free memory. Any thread.
#pragma once

#include "backend/backend.h"
#include "base/log.h"
#include "base/result.h"
#include "graph/state.h"
#include "model/model.h"
#include "runtime/runner.h"

namespace gerbil::runtime {

// All of them, with a note to `log` for each that nobody asked for. An error says which option
// cannot be met.
Result<Choices> choose(const RunnerOptions& options, const model::Model& model,
                       const graph::Graph& graph, const graph::StateLayout& layout,
                       const backend::Backend& backend, const LogSink& log);

// Weights where options leave them open: as stored where that takes 8 bits or less each; else q8 if
// that and the cache of a usual conversation fit in half of the free memory (0: unknown), else q4.
struct WeightSizes {
  uint64_t parameters = 0;
  uint64_t stored_bytes = 0;
  uint64_t q8_bytes = 0;
  uint64_t kv_bytes = 0;  // of kUsualContext positions, or of the model's maximum
};
backend::WeightChoice choose_weights(const WeightSizes& sizes, uint64_t free_bytes);

inline constexpr int64_t kUsualContext = 8192;

// Bytes of K and V that `context` positions of one sequence take.
uint64_t kv_bytes(const graph::StateLayout& layout, graph::KvType type, int64_t context);

// The largest context up to `wanted` whose K and V fit into `free_bytes`, at least one page.
int64_t context_that_fits(const graph::StateLayout& layout, graph::KvType type, int64_t wanted,
                          uint64_t free_bytes);

}  // namespace gerbil::runtime
