#include "golden/loaded_model.h"

#include <stdexcept>

#include "hub/model_files.h"
#include "runtime/forward.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

runtime::RunnerOptions f32_choices(bool reference, int64_t batch, int threads) {
  return {.reference = reference,
          .weights = backend::WeightChoice::kStored,
          .kv = graph::KvType::kF32,
          .threads = threads,
          .batch = batch};
}

LoadedModel::LoadedModel(const std::filesystem::path& folder, const runtime::RunnerOptions& options,
                         bool vision) {
  const hub::ModelFiles files = value_of(hub::open_model(folder.string(), {}));
  model_ = value_of(model::load_model(files.config, files.path("config.json"), files.checkpoint, {},
                                      vision ? model::VisionWish::kYes : model::VisionWish::kNo));
  auto runner = value_of(runtime::Runner::load(model_, options, {}, {}));
  backend_ = &runner->backend();
  encoder_ = runner->encoder();
  engine_ = std::make_unique<runtime::Engine>(std::move(runner));
}

StoredTensors LoadedModel::forward(const std::vector<int32_t>& ids, bool taps) {
  return forward(runtime::ForwardInput{.ids = ids, .taps = taps});
}

StoredTensors LoadedModel::forward(const runtime::ForwardInput& input) {
  const TempFolder folder;
  const std::filesystem::path file = folder / "out.safetensors";
  value_of(engine_->with_runner(
      [&](runtime::Runner& runner) { return runtime::forward(runner, input, file.string()); }));
  return read_safetensors(file);
}

std::vector<int32_t> LoadedModel::greedy(const std::vector<int32_t>& prompt, int64_t count) {
  return greedy(runtime::ForwardInput{.ids = prompt}, count);
}

std::vector<int32_t> LoadedModel::greedy(const runtime::ForwardInput& prompt, int64_t count) {
  runtime::GenerateInput input{.prompt = prompt.ids, .max_tokens = count};
  if (encoder_ != nullptr) {
    const auto types =
        runtime::token_types(prompt.ids, model_.config->image_token, model_.config->video_token);
    input.soft = value_of(runtime::lay_out(types, prompt.pictures.grids, prompt.videos.grids,
                                           model_.vision->merge_size));
    input.soft.dim = model_.vision->out_hidden;
    runtime::EncodedRows encoded[2];
    for (const bool video : {false, true}) {
      const runtime::ForwardMedia& media = video ? prompt.videos : prompt.pictures;
      std::vector<graph::PatchGroup> groups;
      for (const runtime::Grid& grid : media.grids) runtime::append_groups(grid, groups);
      auto rows = std::make_shared<std::vector<float>>();
      value_of(engine_->encode(groups, media.patches, *rows));
      encoded[video ? 1 : 0] = std::move(rows);
    }
    for (runtime::SoftSpan& span : input.soft.spans) span.rows = encoded[span.video ? 1 : 0];
  }
  auto conversation = engine_->new_conversation();
  auto output = engine_->generate(*conversation, input);
  engine_->drop(std::move(conversation));
  return value_of(std::move(output)).ids;
}

std::vector<float> LoadedModel::run_encoder(const graph::Graph& graph,
                                            const runtime::ForwardMedia& pictures) {
  const auto weights = value_of(backend_->load_weights(graph, model_.weights, {}));
  const auto states = value_of(backend_->make_state_store({}, graph::KvType::kF32));
  std::vector<graph::PatchGroup> groups;
  int64_t patches = 0;
  for (const runtime::Grid& grid : pictures.grids) {
    runtime::append_groups(grid, groups);
    patches += grid.patches();
  }
  const auto plan = value_of(backend_->make_plan(graph, weights, {.rows = patches}));
  std::vector<float> rows;
  const backend::StepObserver observer{
      .on_tap = [&](std::string_view, int64_t, int64_t, Span<const float> values) -> Status {
        rows.assign(values.begin(), values.end());
        return {};
      }};
  const graph::Batch batch{.patches = pictures.patches, .groups = groups};
  value_of(plan->submit(batch, *states, &observer));
  return rows;
}

}  // namespace gerbil::testing
