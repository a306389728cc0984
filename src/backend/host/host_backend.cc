#include "backend/host/host_backend.h"

#include "backend/host/machine_rates.h"
#include "backend/host/plan.h"
#include "backend/host/state_store.h"
#include "backend/host/weights.h"

namespace gerbil::backend {

std::string_view HostBackend::isa() const {
  return level_ == kernels::Level::kCpu ? platform::name(isa_) : "";
}

Result<MachineRates> HostBackend::measure_machine() { return measure_host(isa_, pool_); }

Result<std::shared_ptr<const Weights>> HostBackend::load_weights(const graph::Graph& graph,
                                                                 const graph::WeightMap& map,
                                                                 const WeightOptions& options) {
  return HostWeights::load(graph, map, options, isa_, pool_);
}

Result<std::unique_ptr<StateStore>> HostBackend::make_state_store(const graph::StateLayout& layout,
                                                                  graph::KvType kv) {
  return std::make_unique<HostStateStore>(layout, kv);
}

Result<std::unique_ptr<Plan>> HostBackend::make_plan(graph::Graph graph,
                                                     std::shared_ptr<const Weights> weights,
                                                     const PlanOptions& options) {
  return HostPlan::make(std::move(graph), std::static_pointer_cast<const HostWeights>(weights),
                        options, level_, isa_, pool_);
}

std::vector<PackedWeight> HostBackend::measure_weights(const graph::Graph& graph,
                                                       const graph::WeightMap& map,
                                                       WeightChoice choice) const {
  return HostWeights::measure(graph, map, choice);
}

uint64_t HostBackend::measure_states(const graph::StateLayout& layout, graph::KvType kv,
                                     Span<const int64_t> pages, int64_t slots) const {
  return HostStateStore::measure(layout, kv, pages, slots);
}

Result<uint64_t> HostBackend::measure_plan(graph::Graph graph, const PlanOptions& options) const {
  return HostPlan::measure(std::move(graph), options, level_, {pool_.threads(), isa_});
}

}  // namespace gerbil::backend
