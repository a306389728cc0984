// HostWeights: packed weights in this process's memory, by role; what reference and cpu share.
//
// Each weight has the form that weight_form.h's rule gives it. A matrix that is one mapped tensor,
// taken as stored, is not copied: its pages are the file's; one that a cache holds is read there.
// Immutable after load and safe to read from any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/host/weight_form.h"
#include "base/aligned_buffer.h"
#include "kernels/kernel.h"
#include "platform/thread_pool.h"

namespace gerbil::backend {

class HostWeights final : public Weights {
 public:
  static Result<std::shared_ptr<const HostWeights>> load(const graph::Graph& graph,
                                                         const graph::WeightMap& map,
                                                         const WeightOptions& options,
                                                         platform::Isa isa,
                                                         platform::ThreadPool& pool);

  // What load() would hold, by role.
  static std::vector<PackedWeight> measure(const graph::Graph& graph, const graph::WeightMap& map,
                                           WeightChoice choice);

  uint64_t size_bytes() const override { return size_bytes_; }
  std::vector<Quantized> quantized() const override;
  // Null: no weight of this role was loaded.
  const kernels::WeightView* find(std::string_view role) const;

 private:
  struct Entry {
    kernels::WeightView view;
    std::string key;                     // where it is quantised
    std::shared_ptr<const void> mapped;  // what keeps a borrowed view alive; null: it is in packed_
  };
  // Without data where the weight has to be packed.
  static Entry find_packed(const graph::Weight& weight, const graph::WeightBinding& binding,
                           const WeightForm& form, const PackedCache* cache);

  std::map<std::string, Entry, std::less<>> entries_;
  AlignedBuffer packed_;
  uint64_t size_bytes_ = 0;
};

}  // namespace gerbil::backend
