#include "api/engine_impl.h"
#include "base/quote.h"
#include "hub/model_files.h"
#include "platform/clock.h"
#include "runtime/forward.h"
#include "text/utf8.h"

namespace gerbil {
namespace {

std::string_view quant_name(Quant quant) {
  return quant == Quant::kF32 ? "f32" : quant == Quant::kBF16 ? "bf16" : "stored";
}

runtime::RunnerOptions runner_options(const LoadOptions& options) {
  const bool kv_f32 =
      options.kv == Kv::kF32 || (options.kv == Kv::kAuto && options.quant == Quant::kF32);
  runtime::RunnerOptions result{.reference = options.backend == Backend::kReference,
                                .kv = kv_f32 ? graph::KvType::kF32 : graph::KvType::kF16,
                                .threads = options.threads,
                                .batch = options.batch,
                                .context = options.context};
  if (options.quant == Quant::kF32) result.weights = backend::WeightChoice::kF32;
  if (options.quant == Quant::kBF16) result.weights = backend::WeightChoice::kBF16;
  return result;
}

Status check(const LoadOptions& options) {
  if (options.backend == Backend::kWebGpu)
    return unsupported("backend webgpu is not in this build");
  if (options.threads < 0 || options.threads > 1024)
    return invalid("threads: expected 0 (one per processor) to 1024, found {}", options.threads);
  if (options.context < 0)
    return invalid("context: expected 0 (the model's) or more, found {}", options.context);
  return {};
}

// "15 mtp tensors (1.6 MB) and 81 vision tensors (2.8 MB) are skipped"
std::string skipped_line(const model::LoadReport& report) {
  std::string line;
  for (const model::LoadReport::Skipped& skipped : report.skipped)
    line += fmt::format("{}{} {} tensors ({:.1f} MB)", line.empty() ? "" : " and ",
                        skipped.count.tensors, skipped.rule,
                        static_cast<double>(skipped.count.bytes) / 1e6);
  return line + " are skipped";
}

Sampling public_defaults(const graph::SampleParams& params) {
  return {.temperature = static_cast<double>(params.temperature),
          .top_k = params.top_k,
          .top_p = static_cast<double>(params.top_p),
          .min_p = static_cast<double>(params.min_p),
          .repetition_penalty = 1,
          .presence_penalty = 0,
          .frequency_penalty = 0,
          .seed = params.seed};
}

}  // namespace

Engine::Engine(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() { impl_->engine->stop(); }

Result<std::unique_ptr<Engine>> Engine::load(const LoadOptions& options) {
  GERBIL_CHECK_OK(check(options));
  const double started = platform::monotonic_seconds();
  GERBIL_TRY(const hub::ModelFiles files,
             hub::open_model(options.model, api::hub_options(options.bundled_models, true)));
  GERBIL_TRY(const model::Model model, model::load_model(files.config, files.path("config.json"),
                                                         files.checkpoint, options.on_note));
  if (!model.report.skipped.empty() && options.on_note) options.on_note(skipped_line(model.report));

  auto impl = std::make_shared<Impl>();
  GERBIL_TRY(impl->prompter, api::Prompter::load(files));
  auto generation = runtime::parse_generation_config(files.generation_config.value_or(""),
                                                     model.config->eos_ids, options.on_note);
  if (!generation) return with_context(std::move(generation).error(), files.folder);
  impl->generation = *std::move(generation);
  if (options.on_note)
    for (const int32_t id : impl->generation.eos_ids)
      if (id >= model.config->vocab)
        options.on_note(fmt::format("eos_token_id {} ends no answer: the model has only {} tokens",
                                    id, model.config->vocab));
  const runtime::RunnerOptions wanted = runner_options(options);
  GERBIL_TRY(auto runner,
             runtime::Runner::load(model, wanted, options.on_note, options.on_progress));

  ModelInfo& info = impl->info;
  info.architecture = model.family->architecture;
  info.backend = runner->backend().name();
  info.context = runner->context();
  info.vocab_size = runner->vocab();
  info.weight_bytes = runner->weight_bytes();
  info.sampling = public_defaults(impl->generation.sampling);
  info.choices =
      fmt::format("quant {}, activations f32, kv {}, {} threads, batch {}, context {}",
                  quant_name(options.quant), wanted.kv == graph::KvType::kF32 ? "f32" : "f16",
                  runner->backend().threads(), runner->batch(), runner->context());
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

Status Engine::forward(const ForwardRequest& request, const std::string& output_file) {
  const int given =
      !request.input_ids.empty() + !request.prompt.empty() + !request.inputs_file.empty();
  if (given != 1)
    return invalid("forward: expected one of input ids, a prompt and an inputs file, found {}",
                   given);
  runtime::ForwardInput input{.ids = request.input_ids, .taps = request.taps};
  if (!request.inputs_file.empty()) {
    GERBIL_TRY(input.ids, runtime::read_input_ids(request.inputs_file, impl_->engine->runner()));
  } else if (!request.prompt.empty()) {
    GERBIL_CHECK_OK(text::check_utf8(request.prompt, "the prompt"));
    GERBIL_TRY(input.ids, impl_->prompter.encode(request.prompt, true));
  }
  return impl_->engine->with_runner(
      [&](runtime::Runner& runner) { return runtime::forward(runner, input, output_file); });
}

}  // namespace gerbil
