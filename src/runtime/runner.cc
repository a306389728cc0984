#include "runtime/runner.h"

#include <algorithm>

#include "runtime/choices.h"

namespace gerbil::runtime {
std::unique_ptr<backend::Backend> make_backend(const RunnerOptions& options) {
  return options.reference ? backend::make_reference_backend()
                           : backend::make_cpu_backend(options.threads, options.isa);
}

Result<std::unique_ptr<Runner>> Runner::load(const model::Model& model,
                                             const RunnerOptions& options, const LogSink& log,
                                             const backend::Progress& progress,
                                             const OpenCache& open_cache) {
  if (options.batch < 1 || options.batch > 65536)
    return invalid("batch: expected 1 to 65536 rows, found {}", options.batch);
  std::unique_ptr<Runner> runner(new Runner);
  GERBIL_TRY(runner->graph_, model::build_text_graph(model));
  runner->backend_ = make_backend(options);
  runner->batch_ = options.batch;
  runner->vocab_ = model.config->vocab;
  runner->picture_token_ = model.config->image_token;
  runner->video_token_ = model.config->video_token;
  const graph::StateLayout layout = graph::make_state_layout(runner->graph_);
  // Chosen before the weights are read: a context that is out of range costs nothing.
  GERBIL_TRY(runner->choices_,
             choose(options, model, runner->graph_, layout, *runner->backend_, log));
  const Choices& choices = runner->choices_;
  const backend::PackedCache* cache = open_cache ? open_cache(choices.weights) : nullptr;
  GERBIL_TRY(runner->weights_,
             runner->backend_->load_weights(
                 runner->graph_, model.weights,
                 {.choice = choices.weights, .cache = cache, .progress = progress}));
  GERBIL_TRY(runner->store_, runner->backend_->make_state_store(layout, options.kv));
  runner->states_ = std::make_unique<StateManager>(
      layout, runner->store_.get(),
      StateLimits{.context = choices.context, .pages = options.pages});
  GERBIL_TRY(runner->plan_, runner->backend_->make_plan(runner->graph_, runner->weights_,
                                                        runner->plan_options(false)));
  if (model.vision) {
    const backend::WeightChoice choice = encoder_choice(choices.weights);
    GERBIL_TRY(runner->encoder_, VisionEncoder::load(model, *runner->backend_,
                                                     {.weights = choice,
                                                      .int8_activations = choices.int8_activations,
                                                      .cache = cache,
                                                      .progress = progress}));
  }
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
  return backend_->make_plan(graph_, weights_, plan_options(true));
}

}  // namespace gerbil::runtime
