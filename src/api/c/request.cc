// gerbil_request: setters over gerbil::Request. Values are checked where the request is used.
#include "api/c/guard.h"
#include "api/c/handles.h"

using gerbil::c::set;

extern "C" {

gerbil_request* gerbil_request_new(void) {
  gerbil_request* request = nullptr;
  GERBIL_CATCH(return nullptr, request = new gerbil_request);
  return request;
}
void gerbil_request_free(gerbil_request* request) { delete request; }

gerbil_status gerbil_request_set_chat(gerbil_request* request, const char* messages,
                                      const char* tools, gerbil_think think,
                                      gerbil_prompt_end end) {
  if (messages == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(request, [&](gerbil_request& of) {
    gerbil::Chat chat{.messages = messages, .tools = std::string(gerbil::c::text_or_empty(tools))};
    of.unknown_think = !gerbil::c::read_think(think, chat.think);
    of.unknown_end = end != GERBIL_END_ASSISTANT && end != GERBIL_END_CONTINUE;
    chat.continue_final_message = end == GERBIL_END_CONTINUE;
    of.request.prompt = std::move(chat);
  });
}
gerbil_status gerbil_request_set_text(gerbil_request* request, const char* text, size_t size) {
  if (text == nullptr && size > 0) return GERBIL_INVALID_ARGUMENT;
  return set(request, [&](gerbil_request& of) {
    of.request.prompt = gerbil::RawText{.text = std::string(size == 0 ? "" : text, size)};
    of.unknown_think = of.unknown_end = false;
  });
}
gerbil_status gerbil_request_set_ids(gerbil_request* request, const int32_t* ids, size_t count) {
  if (ids == nullptr && count > 0) return GERBIL_INVALID_ARGUMENT;
  return set(request, [&](gerbil_request& of) {
    of.request.prompt = gerbil::TokenIds{.ids = std::vector<int32_t>(ids, ids + count)};
    of.unknown_think = of.unknown_end = false;
  });
}

gerbil_status gerbil_request_set_max_tokens(gerbil_request* request, int64_t tokens) {
  return set(request, [&](gerbil_request& of) { of.request.max_tokens = tokens; });
}
gerbil_status gerbil_request_set_min_tokens(gerbil_request* request, int64_t tokens) {
  return set(request, [&](gerbil_request& of) { of.request.min_tokens = tokens; });
}
gerbil_status gerbil_request_add_stop(gerbil_request* request, const char* text, size_t size) {
  if (text == nullptr) return GERBIL_INVALID_ARGUMENT;
  return set(request, [&](gerbil_request& of) { of.request.stop.emplace_back(text, size); });
}
gerbil_status gerbil_request_add_stop_token(gerbil_request* request, int32_t id) {
  return set(request, [&](gerbil_request& of) { of.request.stop_token_ids.push_back(id); });
}
gerbil_status gerbil_request_set_ignore_eos(gerbil_request* request, bool ignore) {
  return set(request, [&](gerbil_request& of) { of.request.ignore_eos = ignore; });
}

gerbil_status gerbil_request_set_temperature(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.temperature = value; });
}
gerbil_status gerbil_request_set_top_k(gerbil_request* request, int32_t value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.top_k = value; });
}
gerbil_status gerbil_request_set_top_p(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.top_p = value; });
}
gerbil_status gerbil_request_set_min_p(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.min_p = value; });
}
gerbil_status gerbil_request_set_seed(gerbil_request* request, uint64_t seed) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.seed = seed; });
}
gerbil_status gerbil_request_set_repetition_penalty(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.repetition_penalty = value; });
}
gerbil_status gerbil_request_set_presence_penalty(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.presence_penalty = value; });
}
gerbil_status gerbil_request_set_frequency_penalty(gerbil_request* request, double value) {
  return set(request, [&](gerbil_request& of) { of.request.sampling.frequency_penalty = value; });
}
gerbil_status gerbil_request_add_logit_bias(gerbil_request* request, int32_t id, double bias) {
  return set(request, [&](gerbil_request& of) {
    of.request.sampling.logit_bias.push_back({.id = id, .bias = bias});
  });
}
gerbil_status gerbil_request_set_logprobs(gerbil_request* request, int32_t alternatives) {
  return set(request, [&](gerbil_request& of) { of.request.logprobs = alternatives; });
}
gerbil_status gerbil_request_set_thinking_budget(gerbil_request* request, int64_t tokens) {
  return set(request, [&](gerbil_request& of) { of.request.thinking_budget = tokens; });
}
gerbil_status gerbil_request_set_thinking_loop_guard(gerbil_request* request, bool on) {
  return set(request, [&](gerbil_request& of) { of.request.thinking_loop_guard = on; });
}
}
