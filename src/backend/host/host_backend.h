// HostBackend: a Backend whose memory is this process's; reference and cpu are two choices of
// kernels and threads.
#pragma once

#include "backend/backend.h"
#include "kernels/registry.h"
#include "platform/thread_pool.h"

namespace gerbil::backend {

class HostBackend final : public Backend {
 public:
  HostBackend(std::string_view name, kernels::Level level, platform::Isa isa, int threads)
      : name_(name), level_(level), isa_(isa), pool_(threads) {}

  std::string_view name() const override { return name_; }
  int threads() const override { return pool_.threads(); }
  std::string_view isa() const override;
  Result<MachineRates> measure_machine() override;
  graph::Capabilities capabilities() const override { return kernels::capabilities(level_); }
  Result<std::shared_ptr<const Weights>> load_weights(const graph::Graph& graph,
                                                      const graph::WeightMap& map,
                                                      const WeightOptions& options) override;
  Result<std::unique_ptr<StateStore>> make_state_store(const graph::StateLayout& layout,
                                                       graph::KvType kv) override;
  Result<std::unique_ptr<Plan>> make_plan(graph::Graph graph,
                                          std::shared_ptr<const Weights> weights,
                                          const PlanOptions& options) override;
  std::vector<PackedWeight> measure_weights(const graph::Graph& graph, const graph::WeightMap& map,
                                            WeightChoice choice) const override;
  uint64_t measure_states(const graph::StateLayout& layout, graph::KvType kv,
                          Span<const int64_t> pages, int64_t slots) const override;
  Result<uint64_t> measure_plan(graph::Graph graph, const PlanOptions& options) const override;

 private:
  std::string_view name_;
  kernels::Level level_;
  platform::Isa isa_;  // of the CPU kernels; the reference packs and measures with it
  platform::ThreadPool pool_;
};

}  // namespace gerbil::backend
