// plan(): what Engine::load() would do, told before it is done.
#include <algorithm>
#include <array>

#include "api/hub.h"
#include "api/load_options.h"
#include "api/prompter.h"
#include "api/weight_class.h"
#include "gerbil/gerbil.h"
#include "graph/batch.h"
#include "hub/model_files.h"
#include "runtime/footprint.h"

namespace gerbil {
namespace {

std::string_view encoding_name(tensor::DType dtype) {
  using enum tensor::DType;
  return dtype == kBF16 ? "bf16" : dtype == kF16 ? "f16" : dtype == kF32 ? "f32" : name(dtype);
}

void add(std::vector<Plan::Encoding>& encodings, std::string_view name, uint64_t parameters,
         uint64_t bytes) {
  auto found = std::ranges::find(encodings, name, &Plan::Encoding::name);
  if (found == encodings.end()) {
    encodings.push_back({.name = std::string(name)});
    found = encodings.end() - 1;
  }
  found->parameters += parameters;
  found->bytes += bytes;
}

void sort(std::vector<Plan::Encoding>& encodings) {
  std::ranges::stable_sort(encodings, std::greater{}, &Plan::Encoding::bytes);
}

void add_weights(const model::Model& model, const runtime::Footprint& footprint, Plan& plan) {
  std::vector<Plan::WeightClass> classes;
  for (std::string_view name : api::weight_classes())
    classes.push_back({.name = std::string(name)});
  for (const backend::PackedWeight& weight : footprint.weights) {
    Plan::WeightClass& of =
        *std::ranges::find(classes, api::weight_class(weight.role), &Plan::WeightClass::name);
    uint64_t parameters = 0;
    for (const graph::StoredPart& part : model.weights.find(weight.role)->second.parts) {
      const uint64_t elements = *part.tensor.shape.elements();
      add(of.stored, encoding_name(part.tensor.dtype), elements, part.tensor.size_bytes);
      parameters += elements;
      ++of.tensors;
    }
    add(of.held, weight.encoding, parameters, weight.size_bytes);
    of.parameters += parameters;
    of.bytes += weight.size_bytes;
    plan.parameters += parameters;
    if (weight.mapped) plan.mapped_bytes += weight.size_bytes;
  }
  const model::ExpertsConfig& experts = model.config->experts;
  plan.active_parameters = plan.parameters;
  for (Plan::WeightClass& of : classes) {
    if (of.tensors == 0) continue;
    if (of.name == "experts" && experts.count > 0) {
      const auto count = static_cast<uint64_t>(experts.count);
      const auto idle = count - static_cast<uint64_t>(experts.top_k);
      plan.active_parameters -= of.parameters / count * idle;  // all are of one size
    }
    sort(of.stored);
    sort(of.held);
    plan.weights.push_back(std::move(of));
  }
  plan.weight_bytes = footprint.weight_bytes();
}

void add_states(const runtime::Footprint& footprint, Plan& plan) {
  constexpr uint64_t kPages = 1024 / graph::kPagePositions;
  plan.kv_bytes = footprint.kv_bytes;
  plan.kv_bytes_per_1k_tokens = footprint.page_bytes * kPages;
  plan.kv_window_bytes = footprint.window_bytes;
  plan.recurrent_bytes = footprint.recurrent_bytes;
  plan.recurrent_state_bytes = footprint.slot_bytes;
  plan.recurrent_states = footprint.slots;
}

void add_model(const hub::ModelFiles& files, const model::Model& model, Plan& plan) {
  const model::ModelConfig& config = *model.config;
  plan.folder = files.folder;
  plan.architecture = model.family->architecture;
  plan.layers = config.layer_count();
  plan.windowed_layers = std::ranges::count(config.layers, model::LayerType::kSlidingAttention);
  plan.recurrent_layers = std::ranges::count(config.layers, model::LayerType::kLinearAttention);
  plan.hidden = config.hidden;
  plan.vocab_size = config.vocab;
  plan.max_context = config.max_positions;
  plan.experts = config.experts.count;
  plan.experts_per_token = config.experts.top_k;
  plan.needed_tensors = static_cast<int64_t>(model.report.claimed.tensors);
  plan.needed_bytes = model.report.claimed.bytes;
  for (const model::LoadReport::Skipped& skipped : model.report.skipped)
    plan.skipped.push_back({.rule = std::string(skipped.rule),
                            .tensors = static_cast<int64_t>(skipped.count.tensors),
                            .bytes = skipped.count.bytes});
}

}  // namespace

Result<Plan> plan(const LoadOptions& options) {
  GERBIL_CHECK_OK(api::check(options));
  GERBIL_TRY(const hub::ModelFiles files,
             hub::open_model(options.model, api::hub_options(options)));
  GERBIL_TRY(const model::Model model, model::load_model(files.config, files.path("config.json"),
                                                         files.checkpoint, options.on_note));
  GERBIL_TRY(const api::Prompter prompter, api::Prompter::load(files));
  const runtime::RunnerOptions wanted = api::runner_options(options);
  GERBIL_TRY(const runtime::Footprint footprint, runtime::measure(model, wanted, options.on_note));

  Plan plan;
  add_model(files, model, plan);
  if (files.remote)
    plan.missing_bytes = files.remote->missing_bytes(api::needed_tensors(model, files.checkpoint));
  if (const auto tokenizer = prompter.tokenizer())
    plan.tokenizer_tokens = (*tokenizer)->vocab_size();
  plan.chat_template = prompter.chat_template({}, "").has_value();
  plan.backend = footprint.backend;
  plan.quant = api::quant_name(footprint.choices.weights);
  plan.activations = api::activations_name(footprint.choices);
  plan.kv = api::kv_name(wanted);
  plan.threads = footprint.threads;
  plan.batch = wanted.batch;
  plan.context = footprint.choices.context;

  add_weights(model, footprint, plan);
  plan.step_bytes = footprint.step_bytes;
  add_states(footprint, plan);
  plan.total_bytes = footprint.total_bytes();
  plan.free_bytes = footprint.free_bytes;
  plan.fits = plan.total_bytes <= plan.free_bytes;
  plan.largest_context = footprint.largest_context;
  return plan;
}

}  // namespace gerbil
