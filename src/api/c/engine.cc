// gerbil_engine and gerbil_session.
#include "api/c/guard.h"
#include "api/c/handles.h"

using gerbil::invalid;
using gerbil::Status;
using gerbil::c::guarded;
using gerbil::c::null_argument;

namespace {

const gerbil::ModelInfo* info_of(const gerbil_engine* engine) {
  return engine == nullptr ? nullptr : &engine->engine->info();
}

}  // namespace

extern "C" {

gerbil_status gerbil_engine_load(const gerbil_options* options, gerbil_engine** engine,
                                 gerbil_error** error) {
  if (engine != nullptr) *engine = nullptr;
  return guarded(error, [&]() -> Status {
    if (options == nullptr) return null_argument("gerbil_engine_load", "options");
    if (engine == nullptr) return null_argument("gerbil_engine_load", "engine");
    GERBIL_TRY(const gerbil::LoadOptions load, options->resolved());
    GERBIL_TRY(auto loaded, gerbil::Engine::load(load));
    *engine = new gerbil_engine{std::move(loaded)};
    return {};
  });
}
void gerbil_engine_free(gerbil_engine* engine) { delete engine; }

const char* gerbil_engine_architecture(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? "" : info->architecture.c_str();
}
const char* gerbil_engine_backend(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? "" : info->backend.c_str();
}
const char* gerbil_engine_choices(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? "" : info->choices.c_str();
}
int64_t gerbil_engine_context(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? 0 : info->context;
}
int64_t gerbil_engine_vocab_size(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? 0 : info->vocab_size;
}
uint64_t gerbil_engine_weight_bytes(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? 0 : info->weight_bytes;
}
double gerbil_engine_load_ms(const gerbil_engine* engine) {
  const auto* info = info_of(engine);
  return info == nullptr ? 0 : info->load_ms;
}

gerbil_status gerbil_engine_step(gerbil_engine* engine, bool* worked, gerbil_error** error) {
  if (worked != nullptr) *worked = false;
  return guarded(error, [&]() -> Status {
    if (engine == nullptr) return null_argument("gerbil_engine_step", "engine");
    GERBIL_TRY(const bool done, engine->engine->step());
    if (worked != nullptr) *worked = done;
    return {};
  });
}
gerbil_status gerbil_engine_start(gerbil_engine* engine, gerbil_error** error) {
  return guarded(error, [&]() -> Status {
    if (engine == nullptr) return null_argument("gerbil_engine_start", "engine");
    return engine->engine->start();
  });
}
gerbil_status gerbil_engine_stop(gerbil_engine* engine) {
  return gerbil::c::set(engine, [](gerbil_engine& of) { of.engine->stop(); });
}

gerbil_status gerbil_engine_forward(gerbil_engine* engine, const int32_t* ids, size_t count,
                                    bool taps, const char* output_file, gerbil_error** error) {
  return guarded(error, [&]() -> Status {
    constexpr std::string_view kName = "gerbil_engine_forward";
    if (engine == nullptr) return null_argument(kName, "engine");
    if (ids == nullptr) return null_argument(kName, "ids");
    if (output_file == nullptr) return null_argument(kName, "output_file");
    gerbil::ForwardRequest request;
    request.input_ids.assign(ids, ids + count);
    request.taps = taps;
    return engine->engine->forward(request, output_file);
  });
}

gerbil_status gerbil_session_new(gerbil_engine* engine, gerbil_session** session,
                                 gerbil_error** error) {
  if (session != nullptr) *session = nullptr;
  return guarded(error, [&]() -> Status {
    if (engine == nullptr) return null_argument("gerbil_session_new", "engine");
    if (session == nullptr) return null_argument("gerbil_session_new", "session");
    GERBIL_TRY(auto made, engine->engine->new_session());
    *session = new gerbil_session{std::move(made)};
    return {};
  });
}
void gerbil_session_free(gerbil_session* session) { delete session; }

gerbil_status gerbil_session_generate(gerbil_session* session, const gerbil_request* request,
                                      gerbil_on_delta on_delta, void* user, gerbil_answer** answer,
                                      gerbil_error** error) {
  if (answer != nullptr) *answer = nullptr;
  return guarded(error, [&]() -> Status {
    constexpr std::string_view kName = "gerbil_session_generate";
    if (session == nullptr) return null_argument(kName, "session");
    if (request == nullptr) return null_argument(kName, "request");
    if (request->unknown_think)
      return invalid("gerbil_request_set_chat: think is none of GERBIL_THINK_*");
    if (request->unknown_end)
      return invalid(
          "gerbil_request_set_chat: end is neither GERBIL_END_ASSISTANT nor GERBIL_END_CONTINUE");
    gerbil::OnDelta stream;
    bool refused = false;
    if (on_delta != nullptr)
      stream = [&](const gerbil::Delta& delta) {
        const gerbil_delta shown{.delta = delta};
        if (refused || on_delta(user, &shown)) return;
        refused = true;
        session->session->cancel();
      };
    auto done = session->session->generate(request->request, stream);
    // Said at the last piece, it must not end the next answer.
    if (refused) session->session->clear_cancel();
    GERBIL_TRY(gerbil::Answer made, std::move(done));
    if (answer != nullptr) *answer = new gerbil_answer(std::move(made));
    return {};
  });
}
gerbil_status gerbil_session_cancel(gerbil_session* session) {
  return gerbil::c::set(session, [](gerbil_session& of) { of.session->cancel(); });
}
gerbil_status gerbil_session_clear_cancel(gerbil_session* session) {
  return gerbil::c::set(session, [](gerbil_session& of) { of.session->clear_cancel(); });
}
}
