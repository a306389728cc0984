// gerbil_tokenizer.
#include "api/c/guard.h"
#include "api/c/handles.h"

using gerbil::invalid;
using gerbil::Status;
using gerbil::c::guarded;
using gerbil::c::hand_out;
using gerbil::c::null_argument;
using gerbil::c::text_or_empty;

bool gerbil::c::read_think(gerbil_think think, std::optional<bool>& out) {
  out.reset();
  if (think != GERBIL_THINK_DEFAULT) out = think == GERBIL_THINK_ON;
  return think >= GERBIL_THINK_DEFAULT && think <= GERBIL_THINK_OFF;
}

extern "C" {

gerbil_status gerbil_tokenizer_load(const char* model, const char* bundled_models,
                                    gerbil_tokenizer** tokenizer, gerbil_error** error) {
  if (tokenizer != nullptr) *tokenizer = nullptr;
  return guarded(error, [&]() -> Status {
    if (model == nullptr) return null_argument("gerbil_tokenizer_load", "model");
    if (tokenizer == nullptr) return null_argument("gerbil_tokenizer_load", "tokenizer");
    GERBIL_TRY(auto loaded,
               gerbil::Tokenizer::load(model, std::string(text_or_empty(bundled_models))));
    *tokenizer = new gerbil_tokenizer{std::move(loaded)};
    return {};
  });
}
void gerbil_tokenizer_free(gerbil_tokenizer* tokenizer) { delete tokenizer; }

gerbil_status gerbil_tokenizer_encode(const gerbil_tokenizer* tokenizer, const char* text,
                                      size_t size, int32_t** ids, size_t* count,
                                      gerbil_error** error) {
  if (ids != nullptr) *ids = nullptr;
  if (count != nullptr) *count = 0;
  return guarded(error, [&]() -> Status {
    constexpr std::string_view kName = "gerbil_tokenizer_encode";
    if (tokenizer == nullptr) return null_argument(kName, "tokenizer");
    if (text == nullptr && size > 0) return null_argument(kName, "text");
    if (ids == nullptr) return null_argument(kName, "ids");
    if (count == nullptr) return null_argument(kName, "count");
    GERBIL_TRY(const auto encoded, tokenizer->tokenizer->encode({size == 0 ? "" : text, size}));
    return hand_out(encoded, ids, count);
  });
}

gerbil_status gerbil_tokenizer_decode(const gerbil_tokenizer* tokenizer, const int32_t* ids,
                                      size_t count, bool skip_special, char** text, size_t* size,
                                      gerbil_error** error) {
  if (text != nullptr) *text = nullptr;
  if (size != nullptr) *size = 0;
  return guarded(error, [&]() -> Status {
    constexpr std::string_view kName = "gerbil_tokenizer_decode";
    if (tokenizer == nullptr) return null_argument(kName, "tokenizer");
    if (ids == nullptr && count > 0) return null_argument(kName, "ids");
    if (text == nullptr) return null_argument(kName, "text");
    const std::vector<int32_t> given(ids, ids + count);
    GERBIL_TRY(const std::string decoded, tokenizer->tokenizer->decode(given, skip_special));
    return hand_out(decoded, text, size);
  });
}

gerbil_status gerbil_tokenizer_render(const gerbil_tokenizer* tokenizer, const char* messages,
                                      const char* tools, gerbil_think think, gerbil_prompt_end end,
                                      char** text, size_t* size, gerbil_error** error) {
  if (text != nullptr) *text = nullptr;
  if (size != nullptr) *size = 0;
  return guarded(error, [&]() -> Status {
    constexpr std::string_view kName = "gerbil_tokenizer_render";
    if (tokenizer == nullptr) return null_argument(kName, "tokenizer");
    if (messages == nullptr) return null_argument(kName, "messages");
    if (text == nullptr) return null_argument(kName, "text");
    gerbil::ChatOptions options;
    if (!gerbil::c::read_think(think, options.think))
      return invalid("think: expected GERBIL_THINK_DEFAULT, _ON or _OFF, found {}", think);
    if (end < GERBIL_END_ASSISTANT || end > GERBIL_END_CONTINUE)
      return invalid("end: expected GERBIL_END_ASSISTANT, _NONE or _CONTINUE, found {}", end);
    options.add_generation_prompt = end == GERBIL_END_ASSISTANT;
    options.continue_final_message = end == GERBIL_END_CONTINUE;
    GERBIL_TRY(const std::string prompt,
               tokenizer->tokenizer->render(messages, text_or_empty(tools), options));
    return hand_out(prompt, text, size);
  });
}
}
