#include "api/engine_impl.h"
#include "api/hub.h"
#include "api/load_options.h"
#include "api/weight_cache.h"
#include "base/quote.h"
#include "hub/model_files.h"
#include "platform/clock.h"
#include "runtime/forward.h"
#include "text/utf8.h"

namespace gerbil {
namespace {

Sampling public_defaults(const graph::SampleParams& params) {
  return {.temperature = static_cast<double>(params.temperature),
          .top_k = params.top_k,
          .top_p = static_cast<double>(params.top_p),
          .min_p = static_cast<double>(params.min_p),
          .repetition_penalty = static_cast<double>(params.repetition_penalty),
          .presence_penalty = static_cast<double>(params.presence_penalty),
          .frequency_penalty = static_cast<double>(params.frequency_penalty),
          .seed = params.seed};
}

}  // namespace

Engine::Engine(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() { impl_->engine->stop(); }

Result<std::unique_ptr<Engine>> Engine::load(const LoadOptions& options) {
  GERBIL_CHECK_OK(api::check(options));
  const double started = platform::monotonic_seconds();
  GERBIL_TRY(hub::ModelFiles files, hub::open_model(options.model, api::hub_options(options)));
  GERBIL_TRY(const model::Model model,
             model::load_model(files.config, files.path("config.json"), files.checkpoint,
                               options.on_note, api::vision_wish(options)));
  if (!model.report.skipped.empty() && options.on_note)
    options.on_note(api::skipped_line(model.report));
  GERBIL_CHECK_OK(hub::fetch_weights(files, api::needed_tensors(model, files.checkpoint)));

  auto impl = std::make_shared<Impl>();
  GERBIL_TRY(impl->prompter, api::Prompter::load(files, options));
  if (model.vision && impl->prompter.has_tokenizer()) {
    GERBIL_TRY(impl->sight, api::Sight::load(files, model, impl->prompter, options.on_note));
  }
  auto generation = runtime::parse_generation_config(files.generation_config.value_or(""),
                                                     model.config->eos_ids, options.on_note);
  if (!generation) return with_context(std::move(generation).error(), files.folder);
  impl->generation = *std::move(generation);
  if (options.on_note)
    for (const int32_t id : impl->generation.eos_ids)
      if (id >= model.config->vocab)
        options.on_note(fmt::format("eos_token_id {} ends no answer: the model has only {} tokens",
                                    id, model.config->vocab));
  const runtime::RunnerOptions wanted = api::runner_options(options);
  api::WeightCache cache(options, files);
  GERBIL_TRY(auto runner, runtime::Runner::load(
                              model, wanted, options.on_note, options.on_progress,
                              [&](backend::WeightChoice choice) { return cache.open(choice); }));
  std::vector<const backend::Weights*> packed{&runner->weights()};
  if (runner->encoder() != nullptr) packed.push_back(&runner->encoder()->weights());
  cache.keep(packed);

  ModelInfo& info = impl->info;
  info.architecture = model.family->architecture;
  info.backend = runner->backend().name();
  info.context = runner->context();
  info.vocab_size = runner->vocab();
  info.weight_bytes = runner->weight_bytes();
  info.sampling = public_defaults(impl->generation.sampling);
  info.isa = runner->backend().isa();
  info.quant = api::quant_name(runner->choices().weights);
  info.activations = api::activations_name(runner->choices());
  info.kv = api::kv_name(wanted);
  info.threads = runner->backend().threads();
  info.batch = runner->batch();
  info.choices =
      fmt::format("quant {}, activations {}, kv {}, {}{}{} threads, batch {}, context {}",
                  info.quant, info.activations, info.kv, info.isa, info.isa.empty() ? "" : ", ",
                  info.threads, info.batch, info.context);
  impl->engine = std::make_unique<runtime::Engine>(std::move(runner));
  info.load_ms = (platform::monotonic_seconds() - started) * 1e3;
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

const ModelInfo& Engine::info() const { return impl_->info; }

Result<std::unique_ptr<Session>> Engine::new_session() {
  return std::unique_ptr<Session>(new Session(std::make_shared<Session::Impl>(impl_)));
}

Result<bool> Engine::step() { return impl_->engine->step(); }
Status Engine::start() { return impl_->engine->start(); }
void Engine::stop() { impl_->engine->stop(); }

Result<bool> has_pictures(const std::string& inputs_file) {
  return runtime::has_media(inputs_file);
}

Status Engine::forward(const ForwardRequest& request, const std::string& output_file) {
  const int given =
      !request.input_ids.empty() + !request.prompt.empty() + !request.inputs_file.empty();
  if (given != 1)
    return invalid("forward: expected one of input ids, a prompt and an inputs file, found {}",
                   given);
  runtime::ForwardInput input{.ids = request.input_ids, .taps = request.taps};
  if (!request.inputs_file.empty()) {
    GERBIL_TRY(input, runtime::read_forward_input(request.inputs_file, impl_->engine->runner()));
    input.taps = request.taps;
  } else if (!request.prompt.empty()) {
    GERBIL_CHECK_OK(text::check_utf8(request.prompt, "the prompt"));
    GERBIL_TRY(input.ids, impl_->prompter.encode(request.prompt, true));
  }
  return impl_->engine->with_runner(
      [&](runtime::Runner& runner) { return runtime::forward(runner, input, output_file); });
}

}  // namespace gerbil
