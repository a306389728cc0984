#include "runtime/runner.h"

#include <algorithm>

#include "platform/memory.h"

namespace gerbil::runtime {
namespace {

// The part of the free memory that one sequence's cache may be expected to take.
constexpr uint64_t kCacheShare = 2;

}  // namespace

std::unique_ptr<backend::Backend> make_backend(const RunnerOptions& options) {
  return options.reference ? backend::make_reference_backend()
                           : backend::make_cpu_backend(options.threads);
}

Result<int64_t> choose_context(const RunnerOptions& options, int64_t model_maximum,
                               const graph::StateLayout& layout, const LogSink& log) {
  if (options.context > 0) {
    if (options.context > model_maximum)
      return invalid("context: expected 1 to {} (max_position_embeddings), found {}", model_maximum,
                     options.context);
    return options.context;
  }
  const uint64_t free_bytes = platform::physical_memory().available_bytes;
  if (free_bytes == 0) return model_maximum;  // the system does not say
  const int64_t fits =
      context_that_fits(layout, options.kv, model_maximum, free_bytes / kCacheShare);
  if (fits < model_maximum && log)
    log(fmt::format("context lowered from {} to {} tokens: half of the free memory holds no more",
                    model_maximum, fits));
  return fits;
}

uint64_t kv_bytes(const graph::StateLayout& layout, graph::KvType type, int64_t context) {
  uint64_t sum = 0;
  for (const graph::StateLayout::Kv& kv : layout.kv) {
    // A windowed layer keeps its window and the page that is being filled.
    const int64_t positions =
        kv.window == 0 ? context : std::min(context, kv.window + graph::kPagePositions);
    const auto pages =
        static_cast<uint64_t>((positions + graph::kPagePositions - 1) / graph::kPagePositions);
    sum += pages * layout.pools[static_cast<size_t>(kv.pool)].page_bytes(type);
  }
  return sum;
}

int64_t context_that_fits(const graph::StateLayout& layout, graph::KvType type, int64_t wanted,
                          uint64_t free_bytes) {
  if (kv_bytes(layout, type, wanted) <= free_bytes) return wanted;
  int64_t low = 1;  // pages that fit (or the least we go on with)
  int64_t high = wanted / graph::kPagePositions + 1;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (kv_bytes(layout, type, middle * graph::kPagePositions) <= free_bytes ? low : high) = middle;
  }
  return std::min(wanted, low * graph::kPagePositions);
}

Result<std::unique_ptr<Runner>> Runner::load(const model::Model& model,
                                             const RunnerOptions& options, const LogSink& log,
                                             const backend::Progress& progress) {
  if (options.batch < 1 || options.batch > 65536)
    return invalid("batch: expected 1 to 65536 rows, found {}", options.batch);
  std::unique_ptr<Runner> runner(new Runner);
  GERBIL_TRY(runner->graph_, model::build_text_graph(model));
  runner->backend_ = make_backend(options);
  runner->batch_ = options.batch;
  runner->vocab_ = model.config->vocab;
  const graph::StateLayout layout = graph::make_state_layout(runner->graph_);
  // Chosen before the weights are read: a context that is out of range costs nothing.
  GERBIL_TRY(const int64_t context,
             choose_context(options, model.config->max_positions, layout, log));
  GERBIL_TRY(runner->weights_, runner->backend_->load_weights(runner->graph_, model.weights,
                                                              options.weights, progress));
  GERBIL_TRY(runner->store_, runner->backend_->make_state_store(layout, options.kv));
  runner->states_ = std::make_unique<StateManager>(
      layout, runner->store_.get(), StateLimits{.context = context, .pages = options.pages});
  GERBIL_TRY(runner->plan_, runner->backend_->make_plan(runner->graph_, runner->weights_,
                                                        {.rows = options.batch}));
  return runner;
}

Status Runner::check_vocabulary(Span<const int32_t> ids, std::string_view what) const {
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= vocab_)
      return invalid("{}: expected ids from 0 to {}, found {} at position {}", what, vocab_ - 1,
                     ids[i], i);
  return {};
}

bool Runner::can_rewind() const {
  return !layout().has_recurrent() &&
         std::ranges::all_of(layout().kv,
                             [](const graph::StateLayout::Kv& kv) { return kv.window == 0; });
}

Result<std::unique_ptr<backend::Plan>> Runner::make_tapped_plan() {
  return backend_->make_plan(graph_, weights_, {.rows = batch_, .taps = true});
}

}  // namespace gerbil::runtime
