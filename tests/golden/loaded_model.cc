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

LoadedModel::LoadedModel(const std::filesystem::path& folder,
                         const runtime::RunnerOptions& options) {
  const hub::ModelFiles files = value_of(hub::open_model(folder.string(), {}));
  model_ = value_of(model::load_model(files.config, files.path("config.json"), files.checkpoint));
  engine_ =
      std::make_unique<runtime::Engine>(value_of(runtime::Runner::load(model_, options, {}, {})));
}

StoredTensors LoadedModel::forward(const std::vector<int32_t>& ids, bool taps) {
  const TempFolder folder;
  const std::filesystem::path file = folder / "out.safetensors";
  value_of(engine_->with_runner([&](runtime::Runner& runner) {
    return runtime::forward(runner, {.ids = ids, .taps = taps}, file.string());
  }));
  return read_safetensors(file);
}

std::vector<int32_t> LoadedModel::greedy(const std::vector<int32_t>& prompt, int64_t count) {
  auto conversation = engine_->new_conversation();
  auto output = engine_->generate(*conversation, {.prompt = prompt, .max_tokens = count});
  engine_->drop(std::move(conversation));
  return value_of(std::move(output)).ids;
}

}  // namespace gerbil::testing
