/* gerbil_c.h from C11, with the bundled model: everything works, everything refuses nonsense, and
 * nothing leaks (under AddressSanitizer). Argument: the folder of the bundled models. */
#include <gerbil/gerbil_c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

#define CHECK_OK(call)                                                               \
  do {                                                                               \
    gerbil_error* error_ = NULL;                                                     \
    gerbil_error** error = &error_;                                                  \
    const gerbil_status status_ = (call);                                            \
    if (status_ != GERBIL_OK || error_ != NULL) {                                    \
      fprintf(stderr, "%s:%d: %s: %d %s\n", __FILE__, __LINE__, #call, (int)status_, \
              gerbil_error_message(error_));                                         \
      ++failures;                                                                    \
    }                                                                                \
    (void)error;                                                                     \
    gerbil_error_free(error_);                                                       \
  } while (0)

/* `call` takes `error`; it must fail so, with a message that holds `words`. */
#define CHECK_FAILS(call, expected, words)                                           \
  do {                                                                               \
    gerbil_error* error_ = NULL;                                                     \
    gerbil_error** error = &error_;                                                  \
    const gerbil_status status_ = (call);                                            \
    if (status_ != (expected) || gerbil_error_status(error_) != (expected) ||        \
        strstr(gerbil_error_message(error_), words) == NULL) {                       \
      fprintf(stderr, "%s:%d: %s: %d %s\n", __FILE__, __LINE__, #call, (int)status_, \
              gerbil_error_message(error_));                                         \
      ++failures;                                                                    \
    }                                                                                \
    gerbil_error_free(error_);                                                       \
  } while (0)

static const char kQuestion[] =
    "[{\"role\": \"user\", \"content\": \"Whose national symbol is the wolf?\"}]";
static const char kAnswer[] = "The wolf is the symbol of Murandy.";

static const char* models;

struct Seen {
  char text[4096];
  char reasoning[4096];
  size_t pieces;
  size_t logprobs;
  size_t tool_calls;
  size_t stop_after; /* pieces; 0: never */
  gerbil_session* cancels;
};

static bool on_delta(void* user, const gerbil_delta* delta) {
  struct Seen* seen = user;
  size_t size = 0;
  const char* text = gerbil_delta_text(delta, &size);
  CHECK(strlen(text) == size);
  ++seen->pieces;
  seen->logprobs += gerbil_logprobs_count(gerbil_delta_logprobs(delta));
  switch (gerbil_delta_get_kind(delta)) {
    case GERBIL_DELTA_TEXT:
      strncat(seen->text, text, sizeof seen->text - strlen(seen->text) - 1);
      break;
    case GERBIL_DELTA_REASONING:
      strncat(seen->reasoning, text, sizeof seen->reasoning - strlen(seen->reasoning) - 1);
      break;
    case GERBIL_DELTA_TOOL_CALL:
      ++seen->tool_calls;
      CHECK(*gerbil_delta_tool_name(delta) != '\0');
      CHECK(*gerbil_delta_tool_arguments(delta) == '{');
      break;
    default:
      CHECK(false);
  }
  if (seen->cancels != NULL) CHECK(gerbil_session_cancel(seen->cancels) == GERBIL_OK);
  return seen->stop_after == 0 || seen->pieces < seen->stop_after;
}

static void on_note(void* user, const char* line) {
  CHECK(strchr(line, '\n') == NULL);
  ++*(int*)user;
}

static void on_progress(void* user, uint64_t done_bytes, uint64_t total_bytes) {
  CHECK(done_bytes <= total_bytes);
  *(uint64_t*)user = done_bytes == total_bytes ? total_bytes : 0;
}

static gerbil_options* demo_options(void) {
  gerbil_options* options = gerbil_options_new();
  CHECK_OK(gerbil_options_set_model(options, "demo"));
  CHECK_OK(gerbil_options_set_bundled_models(options, models));
  CHECK_OK(gerbil_options_set_threads(options, 1));
  return options;
}

static gerbil_request* question(void) {
  gerbil_request* request = gerbil_request_new();
  CHECK_OK(
      gerbil_request_set_chat(request, kQuestion, NULL, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT));
  CHECK_OK(gerbil_request_set_temperature(request, 0));
  return request;
}

static gerbil_answer* ask(gerbil_session* session, const gerbil_request* request) {
  gerbil_answer* answer = NULL;
  CHECK_OK(gerbil_session_generate(session, request, NULL, NULL, &answer, error));
  CHECK(answer != NULL);
  return answer;
}

static void test_errors_and_options(void) {
  CHECK(strncmp(gerbil_version(), "0.", 2) == 0);
  CHECK(gerbil_error_status(NULL) == GERBIL_OK);
  CHECK(*gerbil_error_message(NULL) == '\0');
  gerbil_error_free(NULL);
  gerbil_free(NULL);
  gerbil_options_free(NULL);

  gerbil_options* options = gerbil_options_new();
  CHECK(gerbil_options_set_model(NULL, "demo") == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_model(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_bundled_models(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_backend(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_quant(NULL, "f32") == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_activations(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_kv(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_isa(options, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_threads(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_batch(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_context(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_on_note(NULL, NULL, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_options_set_on_progress(NULL, NULL, NULL) == GERBIL_INVALID_ARGUMENT);

  gerbil_engine* engine = (gerbil_engine*)options; /* must become NULL */
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "no model");
  CHECK(engine == NULL);
  CHECK(gerbil_engine_load(options, &engine, NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK_FAILS(gerbil_engine_load(NULL, &engine, error), GERBIL_INVALID_ARGUMENT, "options is NULL");
  CHECK_FAILS(gerbil_engine_load(options, NULL, error), GERBIL_INVALID_ARGUMENT, "engine is NULL");
  CHECK_OK(gerbil_options_set_model(options, "/nowhere"));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_NOT_FOUND, "/nowhere");
  gerbil_options_free(options);

  options = demo_options();
  char* json = NULL;
  CHECK_FAILS(gerbil_plan_json(NULL, &json, error), GERBIL_INVALID_ARGUMENT, "options is NULL");
  CHECK_FAILS(gerbil_plan_json(options, NULL, error), GERBIL_INVALID_ARGUMENT, "json is NULL");
  CHECK_OK(gerbil_options_set_quant(options, "f32"));
  CHECK_OK(gerbil_plan_json(options, &json, error));
  CHECK(json != NULL && strstr(json, "\"quant\":\"f32\"") != NULL);
  gerbil_free(json);
  CHECK_OK(gerbil_options_set_quant(options, "q99"));
  CHECK_FAILS(gerbil_plan_json(options, &json, error), GERBIL_INVALID_ARGUMENT, "q99");
  CHECK(json == NULL);
  CHECK_OK(gerbil_options_set_quant(options, "auto"));
  CHECK_OK(gerbil_options_set_backend(options, "abacus"));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "abacus");
  CHECK_OK(gerbil_options_set_backend(options, "cpu"));
  CHECK_OK(gerbil_options_set_kv(options, "f8"));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "f8");
  CHECK_OK(gerbil_options_set_kv(options, "q8"));
  CHECK_OK(gerbil_plan_json(options, &json, error));
  CHECK(json != NULL && strstr(json, "\"kv\":\"q8\"") != NULL);
  gerbil_free(json);
  CHECK_OK(gerbil_options_set_kv(options, "f32"));
  CHECK_OK(gerbil_options_set_activations(options, "f33"));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "f33");
  CHECK_OK(gerbil_options_set_activations(options, "f32"));
  CHECK_OK(gerbil_options_set_isa(options, "sse9"));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "sse9");
  CHECK_OK(gerbil_options_set_isa(options, "baseline"));
  CHECK_OK(gerbil_options_set_batch(options, 0));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "batch");
  CHECK_OK(gerbil_options_set_batch(options, 64));
  CHECK_OK(gerbil_options_set_context(options, 1000000));
  CHECK_FAILS(gerbil_engine_load(options, &engine, error), GERBIL_INVALID_ARGUMENT, "context");
  CHECK(engine == NULL);
  gerbil_options_free(options);
}

static void test_tokenizer(void) {
  gerbil_tokenizer* tokenizer = NULL;
  CHECK_FAILS(gerbil_tokenizer_load(NULL, NULL, &tokenizer, error), GERBIL_INVALID_ARGUMENT,
              "model is NULL");
  CHECK_FAILS(gerbil_tokenizer_load("demo", models, NULL, error), GERBIL_INVALID_ARGUMENT,
              "tokenizer is NULL");
  CHECK_FAILS(gerbil_tokenizer_load("demo", NULL, &tokenizer, error), GERBIL_NOT_FOUND, "demo");
  CHECK(tokenizer == NULL);
  gerbil_tokenizer_free(NULL);
  CHECK_OK(gerbil_tokenizer_load("demo", models, &tokenizer, error));

  static const char kText[] = "feather\0stone";
  int32_t* ids = NULL;
  size_t count = 0;
  char* text = NULL;
  size_t size = 0;
  CHECK_OK(gerbil_tokenizer_encode(tokenizer, kText, sizeof kText - 1, &ids, &count, error));
  CHECK(count > 0);
  CHECK_OK(gerbil_tokenizer_decode(tokenizer, ids, count, false, &text, &size, error));
  CHECK(size == sizeof kText - 1 && memcmp(text, kText, size) == 0 && text[size] == '\0');
  gerbil_free(text);
  CHECK_OK(gerbil_tokenizer_decode(tokenizer, ids, count, true, &text, NULL, error));
  gerbil_free(text);
  gerbil_free(ids);
  CHECK_OK(gerbil_tokenizer_encode(tokenizer, NULL, 0, &ids, &count, error));
  CHECK(ids != NULL && count == 0);
  gerbil_free(ids);
  CHECK_OK(gerbil_tokenizer_decode(tokenizer, NULL, 0, false, &text, &size, error));
  CHECK(text != NULL && size == 0);
  gerbil_free(text);
  CHECK_OK(gerbil_tokenizer_encode(tokenizer, "\xff", 1, &ids, &count, error));
  CHECK_OK(gerbil_tokenizer_decode(tokenizer, ids, count, false, &text, &size, error));
  CHECK(strcmp(text, "\xef\xbf\xbd") == 0); /* U+FFFD */
  gerbil_free(text);
  gerbil_free(ids);
  CHECK_FAILS(gerbil_tokenizer_encode(tokenizer, NULL, 1, &ids, &count, error),
              GERBIL_INVALID_ARGUMENT, "text is NULL");
  CHECK(ids == NULL && count == 0);
  CHECK_FAILS(gerbil_tokenizer_encode(NULL, "a", 1, &ids, &count, error), GERBIL_INVALID_ARGUMENT,
              "tokenizer is NULL");
  CHECK_FAILS(gerbil_tokenizer_encode(tokenizer, "a", 1, NULL, &count, error),
              GERBIL_INVALID_ARGUMENT, "ids is NULL");
  CHECK_FAILS(gerbil_tokenizer_encode(tokenizer, "a", 1, &ids, NULL, error),
              GERBIL_INVALID_ARGUMENT, "count is NULL");
  CHECK_FAILS(gerbil_tokenizer_decode(tokenizer, NULL, 1, false, &text, &size, error),
              GERBIL_INVALID_ARGUMENT, "ids is NULL");
  CHECK_FAILS(gerbil_tokenizer_decode(NULL, NULL, 0, false, &text, &size, error),
              GERBIL_INVALID_ARGUMENT, "tokenizer is NULL");
  CHECK_FAILS(gerbil_tokenizer_decode(tokenizer, NULL, 0, false, NULL, &size, error),
              GERBIL_INVALID_ARGUMENT, "text is NULL");

  CHECK_OK(gerbil_tokenizer_render(tokenizer, "[{\"role\":\"user\",\"content\":\"Hi\"}]", NULL,
                                   GERBIL_THINK_DEFAULT, GERBIL_END_NONE, &text, &size, error));
  CHECK(text != NULL && strcmp(text, "<|im_start|>user\nHi<|im_end|>\n") == 0);
  gerbil_free(text);
  CHECK_OK(gerbil_tokenizer_render(
      tokenizer,
      "[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Yo\"}]", NULL,
      GERBIL_THINK_ON, GERBIL_END_CONTINUE, &text, &size, error));
  CHECK(text != NULL && strcmp(text + size - 2, "Yo") == 0);
  gerbil_free(text);
  CHECK_FAILS(gerbil_tokenizer_render(tokenizer, "{}", NULL, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT,
                                      &text, &size, error),
              GERBIL_INVALID_ARGUMENT, "messages");
  CHECK(text == NULL && size == 0);
  CHECK_FAILS(gerbil_tokenizer_render(tokenizer, NULL, NULL, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT,
                                      &text, &size, error),
              GERBIL_INVALID_ARGUMENT, "messages is NULL");
  CHECK_FAILS(
      gerbil_tokenizer_render(tokenizer, "[]", NULL, 7, GERBIL_END_ASSISTANT, &text, &size, error),
      GERBIL_INVALID_ARGUMENT, "think");
  CHECK_FAILS(
      gerbil_tokenizer_render(tokenizer, "[]", NULL, GERBIL_THINK_ON, -1, &text, &size, error),
      GERBIL_INVALID_ARGUMENT, "end");
  CHECK_FAILS(gerbil_tokenizer_render(NULL, "[]", NULL, 0, 0, &text, &size, error),
              GERBIL_INVALID_ARGUMENT, "tokenizer is NULL");
  CHECK_FAILS(gerbil_tokenizer_render(tokenizer, "[]", NULL, 0, 0, NULL, &size, error),
              GERBIL_INVALID_ARGUMENT, "text is NULL");
  gerbil_tokenizer_free(tokenizer);
}

static void test_requests_take_anything(void) {
  gerbil_request* request = gerbil_request_new();
  gerbil_request_free(NULL);
  CHECK(gerbil_request_set_chat(NULL, "[]", NULL, 0, 0) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_chat(request, NULL, NULL, 0, 0) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_text(request, NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_text(NULL, "", 0) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_ids(request, NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_ids(NULL, NULL, 0) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_max_tokens(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_min_tokens(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_add_stop(request, NULL, 0) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_add_stop(NULL, "a", 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_add_stop_token(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_ignore_eos(NULL, true) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_temperature(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_top_k(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_top_p(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_min_p(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_seed(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_repetition_penalty(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_presence_penalty(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_frequency_penalty(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_add_logit_bias(NULL, 1, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_logprobs(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_thinking_budget(NULL, 1) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_request_set_thinking_loop_guard(NULL, true) == GERBIL_INVALID_ARGUMENT);
  gerbil_request_free(request);
}

static void test_accessors_of_nothing(void) {
  size_t size = 1;
  CHECK(gerbil_logprobs_count(NULL) == 0);
  CHECK(!gerbil_logprobs_get(NULL, 0, NULL, NULL, NULL, NULL));
  CHECK(gerbil_logprobs_top_count(NULL, 0) == 0);
  CHECK(!gerbil_logprobs_top_get(NULL, 0, 0, NULL, NULL, NULL, NULL));
  CHECK(gerbil_delta_get_kind(NULL) == GERBIL_DELTA_TEXT);
  CHECK(*gerbil_delta_text(NULL, &size) == '\0' && size == 0);
  CHECK(*gerbil_delta_tool_name(NULL) == '\0' && *gerbil_delta_tool_arguments(NULL) == '\0');
  CHECK(gerbil_delta_logprobs(NULL) == NULL);
  gerbil_answer_free(NULL);
  size = 1;
  CHECK(*gerbil_answer_text(NULL, &size) == '\0' && size == 0);
  CHECK(*gerbil_answer_reasoning(NULL, NULL) == '\0');
  CHECK(gerbil_answer_tool_call_count(NULL) == 0);
  CHECK(*gerbil_answer_tool_name(NULL, 0) == '\0' &&
        *gerbil_answer_tool_arguments(NULL, 0) == '\0');
  size = 1;
  CHECK(gerbil_answer_token_ids(NULL, &size) == NULL && size == 0);
  CHECK(gerbil_answer_logprobs(NULL) == NULL);
  CHECK(gerbil_answer_finish_reason(NULL) == GERBIL_FINISH_STOP);
  CHECK(gerbil_answer_thinking_end(NULL) == GERBIL_THINKING_ITSELF);
  CHECK(gerbil_answer_prompt_tokens(NULL) == 0 && gerbil_answer_cached_tokens(NULL) == 0);
  CHECK(gerbil_answer_reasoning_tokens(NULL) == 0 && gerbil_answer_prefill_ms(NULL) == 0);
  CHECK(gerbil_answer_decode_ms(NULL) == 0 && gerbil_answer_tokens_per_second(NULL) == 0);
  CHECK(*gerbil_finish_reason_name(99) == '\0');
  CHECK(*gerbil_engine_architecture(NULL) == '\0' && *gerbil_engine_backend(NULL) == '\0');
  CHECK(*gerbil_engine_choices(NULL) == '\0' && gerbil_engine_context(NULL) == 0);
  CHECK(gerbil_engine_vocab_size(NULL) == 0 && gerbil_engine_weight_bytes(NULL) == 0);
  CHECK(gerbil_engine_load_ms(NULL) == 0);
  gerbil_engine_free(NULL);
  gerbil_session_free(NULL);
  CHECK(gerbil_session_cancel(NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_session_clear_cancel(NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK(gerbil_engine_stop(NULL) == GERBIL_INVALID_ARGUMENT);
  CHECK_FAILS(gerbil_engine_step(NULL, NULL, error), GERBIL_INVALID_ARGUMENT, "engine is NULL");
  CHECK_FAILS(gerbil_engine_start(NULL, error), GERBIL_INVALID_ARGUMENT, "engine is NULL");
  CHECK_FAILS(gerbil_engine_forward(NULL, NULL, 0, false, "x", error), GERBIL_INVALID_ARGUMENT,
              "engine is NULL");
  gerbil_session* session = NULL;
  CHECK_FAILS(gerbil_session_new(NULL, &session, error), GERBIL_INVALID_ARGUMENT, "engine is NULL");
  CHECK_FAILS(gerbil_session_generate(NULL, NULL, NULL, NULL, NULL, error), GERBIL_INVALID_ARGUMENT,
              "session is NULL");
}

static void test_answers(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_FAILS(gerbil_session_new(engine, NULL, error), GERBIL_INVALID_ARGUMENT, "session is NULL");
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* request = question();
  CHECK_FAILS(gerbil_session_generate(session, NULL, NULL, NULL, NULL, error),
              GERBIL_INVALID_ARGUMENT, "request is NULL");

  struct Seen seen = {0};
  gerbil_answer* answer = NULL;
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  size_t size = 0;
  CHECK(strcmp(gerbil_answer_text(answer, &size), kAnswer) == 0 && size == strlen(kAnswer));
  CHECK(strcmp(seen.text, kAnswer) == 0 && seen.pieces > 1);
  CHECK(*gerbil_answer_reasoning(answer, &size) == '\0' && size == 0);
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_STOP);
  CHECK(strcmp(gerbil_finish_reason_name(gerbil_answer_finish_reason(answer)), "stop") == 0);
  size_t count = 0;
  const int32_t* ids = gerbil_answer_token_ids(answer, &count);
  CHECK(ids != NULL && count > 5);
  CHECK(gerbil_answer_prompt_tokens(answer) > 5 && gerbil_answer_cached_tokens(answer) == 0);
  CHECK(gerbil_answer_prefill_ms(answer) > 0 && gerbil_answer_decode_ms(answer) > 0);
  CHECK(gerbil_answer_tokens_per_second(answer) > 0);
  CHECK(gerbil_answer_tool_call_count(answer) == 0 && *gerbil_answer_tool_name(answer, 0) == '\0');
  CHECK(gerbil_logprobs_count(gerbil_answer_logprobs(answer)) == 0);
  CHECK(gerbil_answer_thinking_end(answer) == GERBIL_THINKING_ITSELF);
  CHECK(gerbil_answer_reasoning_tokens(answer) == 0);

  /* The same by its ids is the same answer, and its prompt is in the cache. */
  gerbil_tokenizer* tokenizer = NULL;
  char* prompt = NULL;
  int32_t* prompt_ids = NULL;
  size_t prompt_size = 0;
  size_t prompt_count = 0;
  CHECK_OK(gerbil_tokenizer_load("demo", models, &tokenizer, error));
  CHECK_OK(gerbil_tokenizer_render(tokenizer, kQuestion, NULL, GERBIL_THINK_OFF,
                                   GERBIL_END_ASSISTANT, &prompt, &prompt_size, error));
  CHECK_OK(
      gerbil_tokenizer_encode(tokenizer, prompt, prompt_size, &prompt_ids, &prompt_count, error));
  CHECK((int64_t)prompt_count == gerbil_answer_prompt_tokens(answer));
  CHECK_OK(gerbil_request_set_ids(request, prompt_ids, prompt_count));
  gerbil_answer* again = ask(session, request);
  CHECK(gerbil_answer_cached_tokens(again) == (int64_t)prompt_count - 1);
  size_t again_count = 0;
  const int32_t* again_ids = gerbil_answer_token_ids(again, &again_count);
  CHECK(again_count == count && memcmp(ids, again_ids, count * sizeof *ids) == 0);
  gerbil_answer_free(again);
  CHECK_OK(gerbil_request_set_text(request, prompt, prompt_size));
  again = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(again, NULL), kAnswer) == 0);
  gerbil_answer_free(again);
  gerbil_answer_free(answer);

  /* Ends: a text, a token, a number of tokens; no answer asked for. */
  CHECK_OK(gerbil_request_add_stop(request, " symbol", 7));
  answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), "The wolf is the") == 0);
  gerbil_answer_free(answer);
  CHECK_OK(gerbil_session_generate(session, request, NULL, NULL, NULL, error));
  gerbil_request_free(request);
  request = question();
  CHECK_OK(gerbil_request_set_max_tokens(request, 2));
  answer = ask(session, request);
  size_t few = 0;
  const int32_t* first = gerbil_answer_token_ids(answer, &few);
  CHECK(few == 2 && gerbil_answer_finish_reason(answer) == GERBIL_FINISH_LENGTH);
  CHECK_OK(gerbil_request_add_stop_token(request, first[0]));
  gerbil_answer_free(answer);
  answer = ask(session, request);
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_STOP);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  request = question();
  CHECK_OK(gerbil_request_set_ignore_eos(request, true));
  CHECK_OK(gerbil_request_set_max_tokens(request, (int64_t)count + 3));
  answer = ask(session, request);
  size_t more = 0;
  gerbil_answer_token_ids(answer, &more);
  CHECK(more == count + 3);
  gerbil_answer_free(answer);
  gerbil_request_free(request);

  /* An unfinished message goes on. */
  request = question();
  CHECK_OK(gerbil_request_set_chat(
      request,
      "[{\"role\": \"user\", \"content\": \"Whose national symbol is the wolf?\"},"
      "{\"role\": \"assistant\", \"content\": \"The wolf is the\"}]",
      NULL, GERBIL_THINK_OFF, GERBIL_END_CONTINUE));
  answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), " symbol of Murandy.") == 0);
  gerbil_answer_free(answer);

  /* A seed is a seed. */
  gerbil_request_free(request);
  request = question();
  CHECK_OK(gerbil_request_set_temperature(request, 20));
  CHECK_OK(gerbil_request_set_top_k(request, 100));
  CHECK_OK(gerbil_request_set_top_p(request, 0.99));
  CHECK_OK(gerbil_request_set_min_p(request, 1e-6));
  CHECK_OK(gerbil_request_set_seed(request, 7));
  CHECK_OK(gerbil_request_set_max_tokens(request, 12));
  CHECK_OK(gerbil_request_set_thinking_loop_guard(request, false));
  answer = ask(session, request);
  again = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), gerbil_answer_text(again, NULL)) == 0);
  gerbil_answer_free(again);
  CHECK_OK(gerbil_request_set_seed(request, 8));
  again = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), gerbil_answer_text(again, NULL)) != 0);
  gerbil_answer_free(again);
  gerbil_answer_free(answer);
  gerbil_request_free(request);

  gerbil_free(prompt);
  gerbil_free(prompt_ids);
  gerbil_tokenizer_free(tokenizer);
  gerbil_session_free(session);
}

static void test_thinking_and_tools(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* request = question();
  CHECK_OK(gerbil_request_set_chat(request,
                                   "[{\"role\": \"user\", \"content\": \"What is 12 + 30?\"}]",
                                   NULL, GERBIL_THINK_ON, GERBIL_END_ASSISTANT));
  CHECK_OK(gerbil_request_set_max_tokens(request, 200));
  struct Seen seen = {0};
  gerbil_answer* answer = NULL;
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  CHECK(strcmp(gerbil_answer_reasoning(answer, NULL), seen.reasoning) == 0);
  CHECK(*seen.reasoning != '\0' && strcmp(gerbil_answer_text(answer, NULL), seen.text) == 0);
  gerbil_answer_free(answer);

  static const char kTools[] =
      "[{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"Get "
      "the "
      "weather in a city.\", \"parameters\": {\"type\": \"object\", \"properties\": {\"city\": "
      "{\"type\": \"string\"}}, \"required\": [\"city\"]}}}, {\"type\": \"function\", "
      "\"function\": "
      "{\"name\": \"calculate\", \"description\": \"Compute a sum.\", \"parameters\": {\"type\": "
      "\"object\", \"properties\": {\"a\": {\"type\": \"integer\"}, \"b\": {\"type\": "
      "\"integer\"}}, \"required\": [\"a\", \"b\"]}}}]";
  CHECK_OK(gerbil_request_set_chat(
      request, "[{\"role\": \"user\", \"content\": \"Use the calculator to add 192 and 386.\"}]",
      kTools, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT));
  memset(&seen, 0, sizeof seen);
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  CHECK(gerbil_answer_tool_call_count(answer) == seen.tool_calls);
  CHECK(seen.tool_calls == 1);
  CHECK(strcmp(gerbil_answer_tool_name(answer, 0), "calculate") == 0);
  CHECK(strstr(gerbil_answer_tool_arguments(answer, 0), "386") != NULL);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_session_free(session);
}

static void test_logprobs(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* request = question();
  CHECK_OK(gerbil_request_set_logprobs(request, 3));
  struct Seen seen = {0};
  gerbil_answer* answer = NULL;
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  const gerbil_logprobs* list = gerbil_answer_logprobs(answer);
  size_t count = 0;
  const int32_t* ids = gerbil_answer_token_ids(answer, &count);
  CHECK(gerbil_logprobs_count(list) == count - 1); /* without the stop token */
  CHECK(seen.logprobs == gerbil_logprobs_count(list));
  char text[4096] = "";
  for (size_t i = 0; i < gerbil_logprobs_count(list); ++i) {
    int32_t id = -1;
    double logprob = 1;
    const char* bytes = NULL;
    size_t size = 0;
    CHECK(gerbil_logprobs_get(list, i, &id, &logprob, &bytes, &size));
    CHECK(id == ids[i] && logprob <= 0);
    strncat(text, bytes, size);
    CHECK(gerbil_logprobs_top_count(list, i) == 3);
    int32_t best = -1;
    CHECK(gerbil_logprobs_top_get(list, i, 0, &best, NULL, NULL, NULL));
    CHECK(best == id); /* greedy */
    CHECK(!gerbil_logprobs_top_get(list, i, 3, &best, NULL, NULL, NULL));
  }
  CHECK(strcmp(text, kAnswer) == 0);
  CHECK(!gerbil_logprobs_get(list, count, NULL, NULL, NULL, NULL));
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_session_free(session);
}

/* Each must change the answer or how it ends. */
static void test_penalties_and_budget(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* plain = question();
  gerbil_answer* first = ask(session, plain);
  const int32_t drawn = gerbil_answer_token_ids(first, NULL)[0];
  gerbil_request_free(plain);

  gerbil_request* request = question();
  CHECK_OK(gerbil_request_add_logit_bias(request, drawn, -100));
  gerbil_answer* answer = ask(session, request);
  CHECK(gerbil_answer_token_ids(answer, NULL)[0] != drawn);
  gerbil_answer_free(answer);
  gerbil_request_free(request);

  request = question();
  CHECK_OK(gerbil_request_set_repetition_penalty(request, 100));
  CHECK_OK(gerbil_request_set_presence_penalty(request, 2));
  CHECK_OK(gerbil_request_set_frequency_penalty(request, 2));
  CHECK_OK(gerbil_request_set_max_tokens(request, 30));
  answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), kAnswer) != 0);
  gerbil_answer_free(answer);
  gerbil_request_free(request);

  request = question();
  size_t count = 0;
  gerbil_answer_token_ids(first, &count);
  CHECK_OK(gerbil_request_set_min_tokens(request, (int64_t)count + 5));
  CHECK_OK(gerbil_request_set_max_tokens(request, (int64_t)count + 5));
  answer = ask(session, request);
  size_t more = 0;
  gerbil_answer_token_ids(answer, &more);
  CHECK(more == count + 5);
  gerbil_answer_free(answer);
  gerbil_request_free(request);

  request = question();
  CHECK_OK(gerbil_request_set_chat(request,
                                   "[{\"role\": \"user\", \"content\": \"What is 12 + 30?\"}]",
                                   NULL, GERBIL_THINK_ON, GERBIL_END_ASSISTANT));
  CHECK_OK(gerbil_request_set_thinking_budget(request, 2));
  CHECK_OK(gerbil_request_set_max_tokens(request, 100));
  answer = ask(session, request);
  CHECK(gerbil_answer_thinking_end(answer) == GERBIL_THINKING_BUDGET);
  CHECK(gerbil_answer_reasoning_tokens(answer) >= 2);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_answer_free(first);
  gerbil_session_free(session);
}

static void test_bad_requests(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_answer* answer = (gerbil_answer*)session; /* must become NULL */
  gerbil_request* request = gerbil_request_new();
  CHECK_OK(gerbil_request_set_text(request, NULL, 0));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "empty");
  CHECK(answer == NULL);
  CHECK_OK(gerbil_request_set_text(request, "\xff", 1));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "UTF-8");
  const int32_t strange = 1 << 30;
  CHECK_OK(gerbil_request_set_ids(request, &strange, 1));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "1073741824");
  CHECK_OK(gerbil_request_set_chat(request, "[", NULL, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT));
  CHECK(gerbil_session_generate(session, request, NULL, NULL, &answer, NULL) != GERBIL_OK);
  CHECK_OK(gerbil_request_set_chat(request, kQuestion, NULL, 3, GERBIL_END_ASSISTANT));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "think");
  CHECK_OK(gerbil_request_set_chat(request, kQuestion, NULL, GERBIL_THINK_OFF, GERBIL_END_NONE));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "end");
  CHECK_OK(
      gerbil_request_set_chat(request, kQuestion, NULL, GERBIL_THINK_OFF, GERBIL_END_ASSISTANT));
  CHECK_OK(gerbil_request_set_temperature(request, -1));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "temperature");
  CHECK_OK(gerbil_request_set_temperature(request, 0));
  CHECK_OK(gerbil_request_set_max_tokens(request, -1));
  CHECK_FAILS(gerbil_session_generate(session, request, NULL, NULL, &answer, error),
              GERBIL_INVALID_ARGUMENT, "max-tokens");
  CHECK_OK(gerbil_request_set_max_tokens(request, 0));
  answer = ask(session, request); /* nothing of it is left */
  CHECK(strcmp(gerbil_answer_text(answer, NULL), kAnswer) == 0);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_session_free(session);
}

struct Waiting {
  gerbil_session* session;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool streaming;
};

static bool tell(void* user, const gerbil_delta* delta) {
  (void)delta;
  struct Waiting* waiting = user;
  pthread_mutex_lock(&waiting->mutex);
  waiting->streaming = true;
  pthread_cond_signal(&waiting->changed);
  pthread_mutex_unlock(&waiting->mutex);
  return true;
}

static void* cancel_when_streaming(void* user) {
  struct Waiting* waiting = user;
  pthread_mutex_lock(&waiting->mutex);
  while (!waiting->streaming) pthread_cond_wait(&waiting->changed, &waiting->mutex);
  pthread_mutex_unlock(&waiting->mutex);
  CHECK(gerbil_session_cancel(waiting->session) == GERBIL_OK);
  return NULL;
}

static void test_cancelling(gerbil_engine* engine) {
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* request = question();
  struct Seen seen = {.stop_after = 2};
  gerbil_answer* answer = NULL;
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_CANCELLED);
  CHECK(strncmp(gerbil_answer_text(answer, NULL), kAnswer, 3) == 0);
  gerbil_answer_free(answer);

  memset(&seen, 0, sizeof seen);
  seen.cancels = session;
  CHECK_OK(gerbil_session_generate(session, request, on_delta, &seen, &answer, error));
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_CANCELLED);
  gerbil_answer_free(answer);

  CHECK_OK(gerbil_session_cancel(session));
  answer = ask(session, request);
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_CANCELLED);
  CHECK(*gerbil_answer_text(answer, NULL) == '\0');
  gerbil_answer_free(answer);
  CHECK_OK(gerbil_session_cancel(session));
  CHECK_OK(gerbil_session_clear_cancel(session));
  answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), kAnswer) == 0);
  gerbil_answer_free(answer);

  /* From another thread: an answer that would not end for long. */
  CHECK_OK(gerbil_request_set_ignore_eos(request, true));
  struct Waiting waiting = {.session = session, .streaming = false};
  pthread_mutex_init(&waiting.mutex, NULL);
  pthread_cond_init(&waiting.changed, NULL);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, cancel_when_streaming, &waiting) == 0);
  CHECK_OK(gerbil_session_generate(session, request, tell, &waiting, &answer, error));
  pthread_join(thread, NULL);
  CHECK(gerbil_answer_finish_reason(answer) == GERBIL_FINISH_CANCELLED);
  gerbil_answer_free(answer);
  pthread_cond_destroy(&waiting.changed);
  pthread_mutex_destroy(&waiting.mutex);
  gerbil_request_free(request);
  gerbil_session_free(session);
}

static void test_driver_and_forward(gerbil_engine* engine, const char* output_file) {
  bool worked = true;
  CHECK_OK(gerbil_engine_step(engine, &worked, error));
  CHECK(!worked);
  CHECK_OK(gerbil_engine_start(engine, error));
  CHECK_FAILS(gerbil_engine_start(engine, error), GERBIL_INVALID_ARGUMENT, "twice");
  CHECK_FAILS(gerbil_engine_step(engine, NULL, error), GERBIL_INVALID_ARGUMENT, "driver");
  const int32_t ids[] = {1, 2, 3};
  CHECK_FAILS(gerbil_engine_forward(engine, ids, 3, false, output_file, error),
              GERBIL_INVALID_ARGUMENT, "driver");
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_request* request = question();
  gerbil_answer* answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), kAnswer) == 0);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_session_free(session);
  CHECK_OK(gerbil_engine_stop(engine));
  CHECK_OK(gerbil_engine_forward(engine, ids, 3, true, output_file, error));
  FILE* file = fopen(output_file, "rb");
  CHECK(file != NULL);
  if (file != NULL) fclose(file);
  remove(output_file);
  CHECK_FAILS(gerbil_engine_forward(engine, NULL, 3, false, output_file, error),
              GERBIL_INVALID_ARGUMENT, "ids is NULL");
  CHECK_FAILS(gerbil_engine_forward(engine, ids, 3, false, NULL, error), GERBIL_INVALID_ARGUMENT,
              "output_file is NULL");
  CHECK(gerbil_engine_forward(engine, ids, 0, false, output_file, NULL) == GERBIL_INVALID_ARGUMENT);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODELS OUTPUT_FILE\n", argv[0]);
    return 2;
  }
  models = argv[1];
  test_errors_and_options();
  test_tokenizer();
  test_requests_take_anything();
  test_accessors_of_nothing();

  gerbil_options* options = demo_options();
  int notes = 0;
  uint64_t packed = 0;
  CHECK_OK(gerbil_options_set_on_note(options, on_note, &notes));
  CHECK_OK(gerbil_options_set_on_progress(options, on_progress, &packed));
  gerbil_engine* engine = NULL;
  CHECK_OK(gerbil_engine_load(options, &engine, error));
  gerbil_options_free(options);
  if (engine == NULL) return 1;
  CHECK(notes > 0 && packed > 0);
  CHECK(strcmp(gerbil_engine_architecture(engine), "Qwen3_5ForConditionalGeneration") == 0);
  CHECK(strcmp(gerbil_engine_backend(engine), "cpu") == 0);
  CHECK(strstr(gerbil_engine_choices(engine), "1 threads") != NULL);
  CHECK(gerbil_engine_context(engine) == 4096 && gerbil_engine_vocab_size(engine) == 2048);
  CHECK(gerbil_engine_weight_bytes(engine) > 0 && gerbil_engine_load_ms(engine) > 0);
  test_answers(engine);
  test_thinking_and_tools(engine);
  test_bad_requests(engine);
  test_cancelling(engine);
  test_driver_and_forward(engine, argv[2]);
  test_logprobs(engine);
  test_penalties_and_budget(engine);

  /* A session outlives its engine's handle. */
  gerbil_session* session = NULL;
  CHECK_OK(gerbil_session_new(engine, &session, error));
  gerbil_engine_free(engine);
  gerbil_request* request = question();
  gerbil_answer* answer = ask(session, request);
  CHECK(strcmp(gerbil_answer_text(answer, NULL), kAnswer) == 0);
  gerbil_answer_free(answer);
  gerbil_request_free(request);
  gerbil_session_free(session);

  if (failures > 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures > 0 ? 1 : 0;
}
