// gerbil_options, and the plan that is made from them.
#include "api/c/guard.h"
#include "api/c/handles.h"

using gerbil::c::guarded;
using gerbil::c::null_argument;
using gerbil::c::set;

gerbil::Result<gerbil::LoadOptions> gerbil_options::resolved() const {
  gerbil::LoadOptions options = load;
  GERBIL_TRY(options.backend, gerbil::backend_from_name(backend));
  GERBIL_TRY(options.quant, gerbil::quant_from_name(quant));
  GERBIL_TRY(options.activations, gerbil::activations_from_name(activations));
  GERBIL_TRY(options.kv, gerbil::kv_from_name(kv));
  GERBIL_TRY(options.isa, gerbil::isa_from_name(isa));
  return options;
}

namespace {

gerbil_status set_text(gerbil_options* options, std::string gerbil_options::* field,
                       const char* text) {
  if (text == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(options, [&](gerbil_options& of) { of.*field = text; });
}

}  // namespace

extern "C" {

gerbil_options* gerbil_options_new(void) {
  gerbil_options* options = nullptr;
  GERBIL_CATCH(return nullptr, options = new gerbil_options);
  return options;
}
void gerbil_options_free(gerbil_options* options) { delete options; }

gerbil_status gerbil_options_set_model(gerbil_options* options, const char* model) {
  if (model == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(options, [&](gerbil_options& of) { of.load.model = model; });
}
gerbil_status gerbil_options_set_bundled_models(gerbil_options* options, const char* folder) {
  if (folder == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(options, [&](gerbil_options& of) { of.load.bundled_models = folder; });
}
gerbil_status gerbil_options_set_backend(gerbil_options* options, const char* name) {
  return set_text(options, &gerbil_options::backend, name);
}
gerbil_status gerbil_options_set_quant(gerbil_options* options, const char* name) {
  return set_text(options, &gerbil_options::quant, name);
}
gerbil_status gerbil_options_set_activations(gerbil_options* options, const char* name) {
  return set_text(options, &gerbil_options::activations, name);
}
gerbil_status gerbil_options_set_kv(gerbil_options* options, const char* name) {
  return set_text(options, &gerbil_options::kv, name);
}
gerbil_status gerbil_options_set_isa(gerbil_options* options, const char* name) {
  return set_text(options, &gerbil_options::isa, name);
}
gerbil_status gerbil_options_set_threads(gerbil_options* options, int32_t threads) {
  return set(options, [&](gerbil_options& of) { of.load.threads = threads; });
}
gerbil_status gerbil_options_set_batch(gerbil_options* options, int64_t batch) {
  return set(options, [&](gerbil_options& of) { of.load.batch = batch; });
}
gerbil_status gerbil_options_set_context(gerbil_options* options, int64_t context) {
  return set(options, [&](gerbil_options& of) { of.load.context = context; });
}
gerbil_status gerbil_options_set_cache_folder(gerbil_options* options, const char* folder) {
  if (folder == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(options, [&](gerbil_options& of) { of.load.cache_folder = folder; });
}
gerbil_status gerbil_options_set_on_note(gerbil_options* options, gerbil_on_note on_note,
                                         void* user) {
  return set(options, [&](gerbil_options& of) {
    of.load.on_note = nullptr;
    if (on_note != nullptr)
      of.load.on_note = [=](std::string_view line) { on_note(user, std::string(line).c_str()); };
  });
}
gerbil_status gerbil_options_set_on_progress(gerbil_options* options,
                                             gerbil_on_progress on_progress, void* user) {
  return set(options, [&](gerbil_options& of) {
    of.load.on_progress = nullptr;
    if (on_progress != nullptr)
      of.load.on_progress = [=](uint64_t done, uint64_t total) { on_progress(user, done, total); };
  });
}

gerbil_status gerbil_plan_json(const gerbil_options* options, char** json, gerbil_error** error) {
  if (json != nullptr) *json = nullptr;
  return guarded(error, [&]() -> gerbil::Status {
    if (options == nullptr) return null_argument("gerbil_plan_json", "options");
    if (json == nullptr) return null_argument("gerbil_plan_json", "json");
    GERBIL_TRY(const gerbil::LoadOptions load, options->resolved());
    GERBIL_TRY(const gerbil::Plan plan, gerbil::plan(load));
    return gerbil::c::hand_out(gerbil::to_json(plan), json, nullptr);
  });
}
}
