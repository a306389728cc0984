// The engine's measurements as the public interface shows them.
#include <charconv>

#include "api/engine_impl.h"
#include "platform/memory.h"

namespace gerbil {
namespace {

std::string_view place_of(const graph::Graph& graph, const graph::Node& node) {
  if (node.weights.empty()) return node.scope;
  return graph.weights[static_cast<size_t>(node.weights.front())].role;
}

// 3 of "layers.3.attention.qkv"; -1: no layer.
int64_t layer_of(std::string_view place) {
  constexpr std::string_view kLayers = "layers.";
  int64_t number = -1;
  if (place.starts_with(kLayers))
    std::from_chars(place.data() + kLayers.size(), place.data() + place.size(), number);
  return number;
}

OpCall public_call(const graph::Graph& graph, const backend::OpCall& call) {
  const std::string_view place = place_of(graph, *call.node);
  return {.op = graph::op_name(call.node->op),
          .kernel = call.kernel,
          .place = place,
          .layer = layer_of(place),
          .rows = call.rows,
          .start_s = call.start_s,
          .seconds = call.seconds,
          .weight_bytes = call.cost.weight_bytes,
          .state_read_bytes = call.cost.state_read_bytes,
          .state_written_bytes = call.cost.state_written_bytes,
          .value_bytes = call.cost.value_bytes,
          .operations = call.cost.operations};
}

}  // namespace

void Engine::set_profiler(OnStep on_step) {
  if (!on_step) return impl_->engine->set_profiler({});
  const graph::Graph& graph = impl_->engine->runner().plan().graph();
  impl_->engine->set_profiler(
      [&graph, on_step = std::move(on_step), step = StepProfile()](
          const graph::Batch& batch, const backend::StepProfile& profile) mutable {
        step.rows = batch.rows();
        step.sequences = static_cast<int64_t>(batch.runs.size());
        step.drawn = static_cast<int64_t>(batch.wanted.size());
        step.start_s = profile.start_s;
        step.seconds = profile.seconds;
        step.calls.clear();
        for (const backend::OpCall& call : profile.calls)
          step.calls.push_back(public_call(graph, call));
        on_step(step);
      });
}

Result<MachineRates> Engine::measure_machine() {
  backend::MachineRates rates;
  GERBIL_CHECK_OK(impl_->engine->with_runner([&](runtime::Runner& runner) -> Status {
    GERBIL_TRY(rates, runner.backend().measure_machine());
    return {};
  }));
  return MachineRates{.read_bytes_s = rates.read_bytes_s,
                      .read_bytes_s_one_thread = rates.read_bytes_s_one_thread,
                      .int8_products_s = rates.int8_products_s,
                      .int8_products_s_one_thread = rates.int8_products_s_one_thread,
                      .f32_operations_s = rates.f32_operations_s,
                      .f32_operations_s_one_thread = rates.f32_operations_s_one_thread};
}

ProcessMemory process_memory() {
  const platform::ProcessMemory memory = platform::process_memory();
  return {.resident_bytes = memory.resident_bytes,
          .peak_resident_bytes = memory.peak_resident_bytes,
          .anonymous_bytes = memory.anonymous_bytes};
}

}  // namespace gerbil
