// PatchInputs: what an encoder's graph reads beside the patches themselves: where each patch lies
// in its group, as entries of the position table and as rotary positions. Belongs to the driver
// thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "graph/batch.h"
#include "graph/graph.h"

namespace gerbil::backend {

class PatchInputs {
 public:
  static bool wanted_by(const graph::Graph& graph);

  // `graph` must outlive it.
  PatchInputs(const graph::Graph& graph, int64_t max_patches);

  // An error where the groups do not fit the plan, or the patches not the groups.
  Status check(const graph::Batch& batch) const;
  // `ropes`: a table of each of the graph's, room for every patch.
  void fill(const graph::Batch& batch, std::vector<std::vector<float>>& ropes);

  int64_t count() const { return count_; }  // patches of the step
  // Null for the patches: those are the caller's.
  void* data(graph::InputKind kind);

 private:
  const graph::Graph* graph_;
  int64_t max_patches_;
  int64_t patch_dim_ = 0;
  int64_t count_ = 0;
  std::vector<int32_t> ids_;    // [max_patches * kTableTaps]
  std::vector<float> factors_;  // likewise
};

}  // namespace gerbil::backend
