/* gerbil from C: the interface of gerbil.h for C11 and for everything that calls C.
 *
 *   gerbil_options* options = gerbil_options_new();
 *   gerbil_options_set_model(options, "Qwen3-0.6B");
 *   gerbil_engine* engine = NULL;
 *   gerbil_error* error = NULL;
 *   if (gerbil_engine_load(options, &engine, &error) != GERBIL_OK)
 *     return report(gerbil_error_message(error));
 *
 * ABI. Every object is opaque, and options and requests are filled by setters: a later library adds
 * functions and changes no struct, so that a program goes on working with every library of its
 * version's SONAME. A setting that is not set has its default. Numbers have fixed widths; enums are
 * int32_t, whose values never change their meaning; new ones may come.
 *
 * Errors. A function that can fail returns a gerbil_status. Its last parameter may be NULL, or
 * points to a gerbil_error* that receives a new error if the function fails (and is not touched
 * otherwise): one line for a person; free it with gerbil_error_free. Results behind out parameters
 * are NULL (sizes 0) after a failure. Setters fail with GERBIL_INVALID_ARGUMENT for NULL, with
 * GERBIL_OUT_OF_MEMORY, and that is all: values are checked where they are used. NULL is an error,
 * never a crash: accessors give 0, "" or NULL for it, and freeing it does nothing. Nothing throws,
 * prints, exits or reads the environment.
 *
 * Ownership. What _new, _load and _generate hand out is freed by the _free function of its type.
 * Texts and arrays behind out parameters are freed by gerbil_free. Texts from accessors belong to
 * their object and live as long. Everything handed in is copied. Sessions keep their engine's
 * insides alive: free in any order.
 *
 * Text is UTF-8. Texts end with a NUL; those that may hold one have a size beside them, in bytes.
 * Token ids are int32_t, 0 to vocab_size - 1.
 *
 * Threads. As gerbil.h: an engine and a tokenizer may be shared, a session belongs to one thread at
 * a time, gerbil_session_cancel may be called from any. Other objects: one thread at a time.
 * Callbacks run on the thread that drives the engine, must not block, must not call back into the
 * engine or its sessions (but gerbil_session_cancel), and must not leave by longjmp or an
 * exception.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gerbil/export.h"

/* The names of C. NOLINTBEGIN(readability-identifier-naming) */
#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "0.1.0". */
GERBIL_API const char* gerbil_version(void);
/* Frees texts and arrays that came through out parameters. */
GERBIL_API void gerbil_free(void* memory);

/* ---- errors */

typedef int32_t gerbil_status;
enum {
  GERBIL_OK = 0,
  GERBIL_INVALID_ARGUMENT = 1, /* a value is out of range, NULL, or contradicts another one */
  GERBIL_NOT_FOUND = 2,        /* a file, tensor or named thing does not exist */
  GERBIL_CORRUPT = 3,          /* bytes that do not follow their format */
  GERBIL_UNSUPPORTED = 4,      /* well-formed, but not understood by this build */
  GERBIL_IO = 5,               /* the operating system refused */
  GERBIL_OUT_OF_MEMORY = 6,    /* a limit on memory would be passed */
  GERBIL_CANCELLED = 7,        /* stopped on request */
  GERBIL_INTERNAL = 8          /* a broken promise inside gerbil: always a bug */
};

typedef struct gerbil_error gerbil_error;
GERBIL_API gerbil_status gerbil_error_status(const gerbil_error* error); /* NULL: GERBIL_OK */
GERBIL_API const char* gerbil_error_message(const gerbil_error* error);
GERBIL_API void gerbil_error_free(gerbil_error* error);

/* ---- how a model is loaded */

typedef struct gerbil_options gerbil_options;
/* A line worth showing, without a newline. */
typedef void (*gerbil_on_note)(void* user, const char* line);
/* Stored bytes packed so far and in all. */
typedef void (*gerbil_on_progress)(void* user, uint64_t done_bytes, uint64_t total_bytes);

GERBIL_API gerbil_options* gerbil_options_new(void); /* NULL: out of memory */
GERBIL_API void gerbil_options_free(gerbil_options* options);
/* A checkpoint's folder, or "demo": the bundled model, which lies in the folder of
 * gerbil_options_set_bundled_models (of an installed gerbil: PREFIX/share/gerbil/models). */
GERBIL_API gerbil_status gerbil_options_set_model(gerbil_options* options, const char* model);
GERBIL_API gerbil_status gerbil_options_set_bundled_models(gerbil_options* options,
                                                           const char* folder);
/* Names as on the command line: "auto" (the default of each), "cpu", "stored", "f32", ... */
GERBIL_API gerbil_status gerbil_options_set_backend(gerbil_options* options, const char* name);
GERBIL_API gerbil_status gerbil_options_set_quant(gerbil_options* options, const char* name);
GERBIL_API gerbil_status gerbil_options_set_activations(gerbil_options* options, const char* name);
GERBIL_API gerbil_status gerbil_options_set_kv(gerbil_options* options, const char* name);
GERBIL_API gerbil_status gerbil_options_set_isa(gerbil_options* options, const char* name);
/* 0 (default): one per usable processor; to 1024. */
GERBIL_API gerbil_status gerbil_options_set_threads(gerbil_options* options, int32_t threads);
/* Most tokens of a step: 1 to 65536, default 512. */
GERBIL_API gerbil_status gerbil_options_set_batch(gerbil_options* options, int64_t batch);
/* Most tokens of a sequence; 0 (default): the model's maximum, lowered to what fits in memory. */
GERBIL_API gerbil_status gerbil_options_set_context(gerbil_options* options, int64_t context);
/* Where quantised weights are kept for the next load; "" (the default): nowhere. */
GERBIL_API gerbil_status gerbil_options_set_cache_folder(gerbil_options* options,
                                                         const char* folder);
/* Called while a model is loaded or planned; a NULL function: nothing is called. */
GERBIL_API gerbil_status gerbil_options_set_on_note(gerbil_options* options, gerbil_on_note on_note,
                                                    void* user);
GERBIL_API gerbil_status gerbil_options_set_on_progress(gerbil_options* options,
                                                        gerbil_on_progress on_progress, void* user);

/* What gerbil_engine_load would take, with nothing loaded but configs and headers: one JSON object,
 * as docs/plan.md describes it. */
GERBIL_API gerbil_status gerbil_plan_json(const gerbil_options* options, char** json,
                                          gerbil_error** error);

/* ---- text without weights */

typedef struct gerbil_tokenizer gerbil_tokenizer;

typedef int32_t gerbil_think;
enum { GERBIL_THINK_DEFAULT = 0, GERBIL_THINK_ON = 1, GERBIL_THINK_OFF = 2 };

typedef int32_t gerbil_prompt_end;
enum {
  GERBIL_END_ASSISTANT = 0, /* with the opening of the assistant's turn */
  GERBIL_END_NONE = 1,      /* with the last message */
  GERBIL_END_CONTINUE = 2   /* inside of the last message, which is unfinished */
};

/* `bundled_models` may be NULL. */
GERBIL_API gerbil_status gerbil_tokenizer_load(const char* model, const char* bundled_models,
                                               gerbil_tokenizer** tokenizer, gerbil_error** error);
GERBIL_API void gerbil_tokenizer_free(gerbil_tokenizer* tokenizer);
/* Special tokens written out in the text become their ids. Each ill-formed sequence of UTF-8 is
 * read as U+FFFD. */
GERBIL_API gerbil_status gerbil_tokenizer_encode(const gerbil_tokenizer* tokenizer,
                                                 const char* text, size_t size, int32_t** ids,
                                                 size_t* count, gerbil_error** error);
GERBIL_API gerbil_status gerbil_tokenizer_decode(const gerbil_tokenizer* tokenizer,
                                                 const int32_t* ids, size_t count,
                                                 bool skip_special, char** text, size_t* size,
                                                 gerbil_error** error);
/* The prompt of a chat. `messages`: a JSON array of {"role", "content", ...} as OpenAI's API has
 * them; `tools`: a JSON array of function descriptions, or NULL. */
GERBIL_API gerbil_status gerbil_tokenizer_render(const gerbil_tokenizer* tokenizer,
                                                 const char* messages, const char* tools,
                                                 gerbil_think think, gerbil_prompt_end end,
                                                 char** text, size_t* size, gerbil_error** error);

/* ---- engine */

typedef struct gerbil_engine gerbil_engine;

GERBIL_API gerbil_status gerbil_engine_load(const gerbil_options* options, gerbil_engine** engine,
                                            gerbil_error** error);
GERBIL_API void gerbil_engine_free(gerbil_engine* engine);

GERBIL_API const char* gerbil_engine_architecture(const gerbil_engine* engine);
GERBIL_API const char* gerbil_engine_backend(const gerbil_engine* engine);
/* "quant stored, activations f32, kv f16, avx512, 8 threads, batch 512, context 4096" */
GERBIL_API const char* gerbil_engine_choices(const gerbil_engine* engine);
GERBIL_API int64_t gerbil_engine_context(const gerbil_engine* engine); /* tokens of a sequence */
GERBIL_API int64_t gerbil_engine_vocab_size(const gerbil_engine* engine);
GERBIL_API uint64_t gerbil_engine_weight_bytes(const gerbil_engine* engine); /* packed */
GERBIL_API double gerbil_engine_load_ms(const gerbil_engine* engine);

/* One turn of the scheduler over all sessions; *worked (may be NULL) is false where there was
 * nothing to do. One caller at a time, and none while a driver thread runs. */
GERBIL_API gerbil_status gerbil_engine_step(gerbil_engine* engine, bool* worked,
                                            gerbil_error** error);
/* A driver thread that steps whenever there is work, until stop or the engine's end. Without one,
 * gerbil_session_generate drives the engine itself. */
GERBIL_API gerbil_status gerbil_engine_start(gerbil_engine* engine, gerbil_error** error);
GERBIL_API gerbil_status gerbil_engine_stop(gerbil_engine* engine);
/* The logits of all positions, to a safetensors file; with `taps` also hidden and recurrent states
 * (gerbil.h, Engine::forward). Not while a driver thread runs. */
GERBIL_API gerbil_status gerbil_engine_forward(gerbil_engine* engine, const int32_t* ids,
                                               size_t count, bool taps, const char* output_file,
                                               gerbil_error** error);

/* ---- what to answer, and how */

typedef struct gerbil_request gerbil_request;

GERBIL_API gerbil_request* gerbil_request_new(void); /* NULL: out of memory */
GERBIL_API void gerbil_request_free(gerbil_request* request);

/* The prompt: the last of these three counts. Generating refuses text that is not UTF-8. */
/* JSON as gerbil_tokenizer_render takes it; `tools` may be NULL. GERBIL_END_ASSISTANT, or
 * GERBIL_END_CONTINUE: the answer goes on where the last message ends, and holds what is new. */
GERBIL_API gerbil_status gerbil_request_set_chat(gerbil_request* request, const char* messages,
                                                 const char* tools, gerbil_think think,
                                                 gerbil_prompt_end end);
GERBIL_API gerbil_status gerbil_request_set_text(gerbil_request* request, const char* text,
                                                 size_t size);
GERBIL_API gerbil_status gerbil_request_set_ids(gerbil_request* request, const int32_t* ids,
                                                size_t count);

/* 0 (default): until the model stops or the context is full. */
GERBIL_API gerbil_status gerbil_request_set_max_tokens(gerbil_request* request, int64_t tokens);
/* No stop token before so many; default: the checkpoint's. */
GERBIL_API gerbil_status gerbil_request_set_min_tokens(gerbil_request* request, int64_t tokens);
/* A text that ends the answer and is not part of it. Each call adds one. */
GERBIL_API gerbil_status gerbil_request_add_stop(gerbil_request* request, const char* text,
                                                 size_t size);
/* A token that ends the answer beside the checkpoint's own. Each call adds one. */
GERBIL_API gerbil_status gerbil_request_add_stop_token(gerbil_request* request, int32_t id);
/* Go on behind the checkpoint's eos tokens. */
GERBIL_API gerbil_status gerbil_request_set_ignore_eos(gerbil_request* request, bool ignore);

/* Sampling; defaults: the checkpoint's generation_config.json, else as given. */
GERBIL_API gerbil_status gerbil_request_set_temperature(gerbil_request* request,
                                                        double value); /* 0 to 100; 0: greedy */
GERBIL_API gerbil_status gerbil_request_set_top_k(gerbil_request* request,
                                                  int32_t value); /* 0 (default): off */
GERBIL_API gerbil_status gerbil_request_set_top_p(gerbil_request* request,
                                                  double value); /* (0, 1], default 1 */
GERBIL_API gerbil_status gerbil_request_set_min_p(gerbil_request* request,
                                                  double value); /* [0, 1], default 0 */
/* A seed means the same on every backend, batch and number of threads. Default 0. */
GERBIL_API gerbil_status gerbil_request_set_seed(gerbil_request* request, uint64_t seed);
/* (0, 100], default 1: of tokens in prompt and answer. */
GERBIL_API gerbil_status gerbil_request_set_repetition_penalty(gerbil_request* request,
                                                               double value);
/* [-2, 2], default 0: of tokens in the answer, once and for each time. */
GERBIL_API gerbil_status gerbil_request_set_presence_penalty(gerbil_request* request, double value);
GERBIL_API gerbil_status gerbil_request_set_frequency_penalty(gerbil_request* request,
                                                              double value);
/* Added to the token's logit, [-100, 100]. Each call adds one; at most 1024, each id once. */
GERBIL_API gerbil_status gerbil_request_add_logit_bias(gerbil_request* request, int32_t id,
                                                       double bias);
/* Log probabilities of the answer's tokens and of so many alternatives to each, 0 to 20. Default:
 * none at all. */
GERBIL_API gerbil_status gerbil_request_set_logprobs(gerbil_request* request, int32_t alternatives);
/* Most tokens of thinking, then it is closed for the model. Default: no limit. */
GERBIL_API gerbil_status gerbil_request_set_thinking_budget(gerbil_request* request,
                                                            int64_t tokens);
/* Closes a thinking that repeats itself word for word. Default: true. */
GERBIL_API gerbil_status gerbil_request_set_thinking_loop_guard(gerbil_request* request, bool on);

/* ---- answers */

/* A token's log probability: log softmax of the model's own logits. `bytes` may be a part of a
 * character or hold NULs; they belong to what the list came from. */
typedef struct gerbil_logprobs gerbil_logprobs;
GERBIL_API size_t gerbil_logprobs_count(const gerbil_logprobs* list);
/* Entry `index`. Each out parameter may be NULL. False: there is no such entry. */
GERBIL_API bool gerbil_logprobs_get(const gerbil_logprobs* list, size_t index, int32_t* id,
                                    double* logprob, const char** bytes, size_t* size);
/* The likeliest tokens at that place, best first. */
GERBIL_API size_t gerbil_logprobs_top_count(const gerbil_logprobs* list, size_t index);
GERBIL_API bool gerbil_logprobs_top_get(const gerbil_logprobs* list, size_t index, size_t rank,
                                        int32_t* id, double* logprob, const char** bytes,
                                        size_t* size);

/* A piece of an answer while it streams: lives until the callback returns. */
typedef struct gerbil_delta gerbil_delta;
typedef int32_t gerbil_delta_kind;
enum { GERBIL_DELTA_REASONING = 0, GERBIL_DELTA_TEXT = 1, GERBIL_DELTA_TOOL_CALL = 2 };

GERBIL_API gerbil_delta_kind gerbil_delta_get_kind(const gerbil_delta* delta);
/* Reasoning or text, whole characters; empty for a tool call. `size` may be NULL. */
GERBIL_API const char* gerbil_delta_text(const gerbil_delta* delta, size_t* size);
GERBIL_API const char* gerbil_delta_tool_name(const gerbil_delta* delta);
GERBIL_API const char* gerbil_delta_tool_arguments(const gerbil_delta* delta); /* JSON */
GERBIL_API const gerbil_logprobs* gerbil_delta_logprobs(const gerbil_delta* delta);

/* True to go on; false ends the answer as gerbil_session_cancel does. */
typedef bool (*gerbil_on_delta)(void* user, const gerbil_delta* delta);

typedef int32_t gerbil_finish_reason;
enum {
  GERBIL_FINISH_STOP = 0,     /* a stop token or stop text */
  GERBIL_FINISH_LENGTH = 1,   /* max_tokens */
  GERBIL_FINISH_CONTEXT = 2,  /* the context is full */
  GERBIL_FINISH_CANCELLED = 3 /* gerbil_session_cancel */
};
typedef int32_t gerbil_thinking_end;
enum {
  GERBIL_THINKING_ITSELF = 0, /* the model closed it, or there was none */
  GERBIL_THINKING_BUDGET = 1,
  GERBIL_THINKING_LOOP = 2
};

typedef struct gerbil_answer gerbil_answer;
GERBIL_API void gerbil_answer_free(gerbil_answer* answer);
/* `size` and `count` may be NULL. */
GERBIL_API const char* gerbil_answer_text(const gerbil_answer* answer, size_t* size);
GERBIL_API const char* gerbil_answer_reasoning(const gerbil_answer* answer, size_t* size);
GERBIL_API size_t gerbil_answer_tool_call_count(const gerbil_answer* answer);
/* "" where there is no such call. */
GERBIL_API const char* gerbil_answer_tool_name(const gerbil_answer* answer, size_t index);
GERBIL_API const char* gerbil_answer_tool_arguments(const gerbil_answer* answer, size_t index);
/* Generated ids, the stop token included. */
GERBIL_API const int32_t* gerbil_answer_token_ids(const gerbil_answer* answer, size_t* count);
/* If asked for: of the ids, up to the one that ends the answer. */
GERBIL_API const gerbil_logprobs* gerbil_answer_logprobs(const gerbil_answer* answer);
GERBIL_API gerbil_finish_reason gerbil_answer_finish_reason(const gerbil_answer* answer);
GERBIL_API const char* gerbil_finish_reason_name(gerbil_finish_reason reason); /* "stop" */
GERBIL_API gerbil_thinking_end gerbil_answer_thinking_end(const gerbil_answer* answer);
GERBIL_API int64_t gerbil_answer_prompt_tokens(const gerbil_answer* answer);
/* Of the prompt: already in the session's state. */
GERBIL_API int64_t gerbil_answer_cached_tokens(const gerbil_answer* answer);
GERBIL_API int64_t gerbil_answer_reasoning_tokens(const gerbil_answer* answer);
GERBIL_API double gerbil_answer_prefill_ms(const gerbil_answer* answer);
GERBIL_API double gerbil_answer_decode_ms(const gerbil_answer* answer);
GERBIL_API double gerbil_answer_tokens_per_second(const gerbil_answer* answer);

/* ---- sessions */

/* One conversation: its tokens stay in the cache, so that the next prompt that begins with them
 * costs only its end. */
typedef struct gerbil_session gerbil_session;

GERBIL_API gerbil_status gerbil_session_new(gerbil_engine* engine, gerbil_session** session,
                                            gerbil_error** error);
GERBIL_API void gerbil_session_free(gerbil_session* session);
/* Runs until the answer is complete. `on_delta` and `answer` may be NULL. */
GERBIL_API gerbil_status gerbil_session_generate(gerbil_session* session,
                                                 const gerbil_request* request,
                                                 gerbil_on_delta on_delta, void* user,
                                                 gerbil_answer** answer, gerbil_error** error);
/* Ends the running generate after the step in flight; what was generated is kept. Where none runs,
 * the next one ends so before its first token. Any thread. */
GERBIL_API gerbil_status gerbil_session_cancel(gerbil_session* session);
/* Takes back a cancel that no generate has met yet. Not while one runs. */
GERBIL_API gerbil_status gerbil_session_clear_cancel(gerbil_session* session);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(readability-identifier-naming) */
