// The engine's measurements as the public interface shows them.
#include <charconv>

#include "api/engine_impl.h"
#include "media/picture.h"
#include "platform/clock.h"
#include "platform/memory.h"

namespace gerbil {
namespace {

std::string_view place_of(const graph::Graph& graph, const graph::Node& node) {
  if (node.weights.empty()) return node.scope;
  return graph.weights[static_cast<size_t>(node.weights.front())].role;
}

// 3 of "layers.3.attention.qkv" and of "vision.blocks.3.mlp.up"; -1: no layer.
int64_t layer_of(std::string_view place) {
  int64_t number = -1;
  for (const std::string_view layers : {"layers.", "vision.blocks."})
    if (place.starts_with(layers))
      std::from_chars(place.data() + layers.size(), place.data() + place.size(), number);
  return number;
}

constexpr int64_t kMostNoisePixels = int64_t{1} << 26;

// A picture that nothing was taken from: bytes of splitmix64.
Result<media::Picture> make_noise(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMostNoisePixels / height)
    return invalid("a picture of {} x {} pixels: expected 1 to {} of them", width, height,
                   kMostNoisePixels);
  media::Picture picture{.width = width, .height = height};
  picture.rgb.resize(static_cast<size_t>(width * height * 3));
  uint64_t state = 0;
  for (uint8_t& byte : picture.rgb) {
    uint64_t mixed = state += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    byte = static_cast<uint8_t>(mixed >> 56);
  }
  return picture;
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

Result<PictureRun> Engine::measure_picture(const PictureTest& test) {
  if (!impl_->sight)
    return unsupported("the model was loaded without its encoder of pictures, or has no tokenizer");
  const double started = platform::monotonic_seconds();
  GERBIL_TRY(const media::Picture picture, test.place.empty() ? make_noise(test.width, test.height)
                                                              : media::open_picture(test.place));
  GERBIL_TRY(
      const api::SeenMedia seen,
      impl_->sight->read_picture(picture, test.place.empty() ? "a picture" : test.place, {}));
  PictureRun run{.patches = seen.grid().patches()};
  run.prepare_seconds = platform::monotonic_seconds() - started;
  const Status done = impl_->engine->with_runner([&](runtime::Runner& runner) -> Status {
    runtime::VisionEncoder& encoder = *runner.encoder();
    const model::VisionConfig& config = encoder.config();
    run.width = seen.grid().w * config.patch_size;
    run.height = seen.grid().h * config.patch_size;
    run.tokens = run.patches / config.merged();
    std::vector<graph::PatchGroup> groups;
    runtime::append_groups(seen.grid(), groups);
    std::vector<float> rows;
    backend::StepProfile profile;
    GERBIL_CHECK_OK(encoder.encode(groups, seen.patches, rows, {}, &profile));
    run.step = {.rows = run.patches,
                .sequences = 1,
                .start_s = profile.start_s,
                .seconds = profile.seconds};
    for (const backend::OpCall& call : profile.calls) {
      OpCall shown = public_call(encoder.plan()->graph(), call);
      // The plan goes with the next picture's; the engine stays.
      shown.place = *impl_->places.emplace(shown.place).first;
      run.step.calls.push_back(shown);
    }
    return {};
  });
  GERBIL_CHECK_OK(done);
  return run;
}

ProcessMemory process_memory() {
  const platform::ProcessMemory memory = platform::process_memory();
  return {.resident_bytes = memory.resident_bytes,
          .peak_resident_bytes = memory.peak_resident_bytes,
          .anonymous_bytes = memory.anonymous_bytes};
}

}  // namespace gerbil
