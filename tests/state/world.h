// World: a model ready to run steps with real numbers, and an oracle that needs no bookkeeping: the
// logits of a token sequence, computed from nothing in a state store of its own whose page tables
// are counted up. Failures throw std::runtime_error. One thread.
#pragma once

#include <memory>
#include <vector>

#include "backend/backend.h"
#include "model/model.h"

namespace gerbil::testing {

using Logits = std::vector<float>;  // [vocab]

class World {
 public:
  static constexpr int64_t kRows = 512;  // most rows of a step

  World(const model::Model& model, bool reference, graph::KvType cache = graph::KvType::kF32);

  const graph::StateLayout& layout() const { return layout_; }
  // Of the largest logit, between a sequence's answers and a fresh run's.
  double tolerance() const { return tolerance_; }
  backend::StateStore& store() { return *store_; }

  // Runs a step on `store`: the logits of the batch's wanted rows.
  std::vector<Logits> run(const graph::Batch& batch, backend::StateStore& store);
  // The logits after each of the ascending positions of a sequence.
  std::vector<Logits> fresh(const std::vector<int32_t>& tokens,
                            const std::vector<int32_t>& positions);

 private:
  void fresh_step(Span<const int32_t> tokens, int64_t begin, Span<const int32_t> positions,
                  std::vector<Logits>& logits);

  std::unique_ptr<backend::Backend> backend_;  // first: destroyed last
  double tolerance_;
  graph::StateLayout layout_;
  std::unique_ptr<backend::StateStore> store_;
  std::unique_ptr<backend::StateStore> fresh_store_;
  std::vector<std::vector<int32_t>> fresh_tables_;  // [kv state number][page]
  std::unique_ptr<backend::Plan> plan_;
};

}  // namespace gerbil::testing
