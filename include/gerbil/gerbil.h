// gerbil: runs small language models on this device, straight from their Hugging Face checkpoints.
//
//   auto engine = gerbil::Engine::load({.model = "Qwen3-0.6B"});
//   if (!engine) return report(engine.error().message);
//   auto session = (*engine)->new_session();
//   auto answer = (*session)->generate({.prompt = gerbil::Chat{.messages = messages}}, on_delta);
//
// Errors: every function that can fail returns Result<T> (gerbil/result.h) with a one-line message;
// nothing throws, prints, exits or reads the environment. Text is UTF-8. Token ids are int32_t, 0
// to vocab_size - 1.
//
// Threads: load() uses `threads` threads and returns when it is done. An Engine is immutable after
// load but for its one driver: whoever calls step(), or the thread that start() makes. A Session
// belongs to one thread at a time; cancel() may be called from any. Callbacks run on the driver's
// thread and must not block.
//
// Ownership: sessions keep their engine's insides alive; destroy them in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gerbil/export.h"
#include "gerbil/hub.h"
#include "gerbil/result.h"

namespace gerbil {

// ---- choices, each printed and settable; names as on the command line

enum class Backend { kAuto, kReference, kCpu, kWebGpu };
// How weights are held: as stored, as numbers of a type, or group-quantised on load with so many
// bits (32 weights share a scale; more for embedding and head); auto: q8 if it fits well, else q4.
enum class Quant { kAuto, kStored, kF32, kBF16, kF16, kQ8, kQ6, kQ4 };
// How the KV cache is held; auto = f16, f32 with Quant::kF32. kQ8: int8 with a scale for every 32
// numbers, 8.5 bits a number.
enum class Kv { kAuto, kF32, kF16, kQ8 };
// What products with quantised weights read: rows as they are, or as int8 in blocks of 32; auto =
// int8 where weights are quantised.
enum class Activations { kAuto, kF32, kInt8 };
// The encoder of pictures and videos: left alone; loaded where the model has one; needed.
enum class Vision { kNo, kIfAny, kYes };
// The instruction sets of the CPU backend's kernels, each with all that the ones before it of the
// same architecture have: none beyond what the compiler targets; SSE4.2 with AES, AVX2 with BMI2,
// FMA and F16C, AVX-512 F, BW, DQ, VL and VNNI (x86-64); Advanced SIMD, its dot products, its int8
// matrix products (AArch64). auto = the best that the processor has.
enum class Isa { kAuto, kBaseline, kSse4, kAvx2, kAvx512, kNeon, kNeonDot, kNeonI8mm };

// "cpu" -> Backend::kCpu; an unknown name, or one that is not in this build, is an error that says
// which are.
GERBIL_API Result<Backend> backend_from_name(std::string_view name);
GERBIL_API Result<Quant> quant_from_name(std::string_view name);
GERBIL_API Result<Kv> kv_from_name(std::string_view name);
GERBIL_API Result<Activations> activations_from_name(std::string_view name);
GERBIL_API Result<Isa> isa_from_name(std::string_view name);

struct LoadOptions {
  // A checkpoint's folder, a hub's org/name[@revision] (what is missing of it is fetched), or
  // "demo".
  std::string model;
  std::string bundled_models;  // the folder that holds the bundled models; needed for "demo" only
  Backend backend = Backend::kAuto;
  Quant quant = Quant::kAuto;
  Activations activations = Activations::kAuto;
  Kv kv = Kv::kAuto;
  // Its weights are held at 8 bits where the others have 8 or fewer.
  Vision vision = Vision::kNo;
  Isa isa = Isa::kAuto;  // one that the processor lacks is an error that says which it has
  int threads = 0;       // 0: one per usable processor
  int64_t batch = 512;   // most rows (tokens) of a step, 1 to 65536
  int64_t context =
      0;  // most tokens of a sequence; 0: the model's maximum, lowered to what fits in memory
  // Where quantised weights are kept for the next load; made where it is missing. Several processes
  // may use one folder. Empty: they are not kept.
  std::string cache_folder;
  // The files there that were not used for longest go until this many bytes are left; 0: nothing is
  // kept, and nothing that was is used.
  uint64_t cache_bytes = uint64_t{32} << 30;
  // Notes worth a line: what was skipped, that the context was lowered. Called during load.
  std::function<void(std::string_view line)> on_note;
  // Weights packed so far and in all, in stored bytes. Called during load.
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress;
  Hub hub;  // for models that are named by org/name
};

// ---- the cache of quantised weights

struct CachedFile {
  std::string name;
  uint64_t size_bytes = 0;
  int64_t used_ns = 0;  // since 1970: when it was made or last used
};

// What a cache folder holds, the last used first; one that is not there is empty.
GERBIL_API Result<std::vector<CachedFile>> list_cache(const std::string& cache_folder);
// Removes it all; what was removed. A process that uses a file keeps its bytes until it ends.
GERBIL_API Result<std::vector<CachedFile>> clear_cache(const std::string& cache_folder);

// ---- text without weights

// A day and a time of day, wherever that is.
struct CivilTime {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// What makes a prompt of a chat.
struct ChatTemplateOptions {
  // Which of the checkpoint's templates, where it has several. Empty: "tool_use" where tools are
  // given and there is such a one, else "default". An error says which there are.
  std::string name;
  // A template (Jinja) in place of the checkpoint's; errors call it `source_name`.
  std::string source;
  std::string source_name;
  // A JSON object of further variables for the template: {"documents": [...], "reasoning_effort":
  // "low"}.
  std::string arguments;
  // What time it is for templates that print it (strftime_now), so that a prompt can be made again.
  // Unset: the local time.
  std::optional<CivilTime> now;
};

struct ChatOptions {
  std::optional<bool> think;          // unset: the template's own default
  bool add_generation_prompt = true;  // end with the opening of the assistant's turn
  // The last message is unfinished: the prompt ends where its content does. Excludes
  // add_generation_prompt.
  bool continue_final_message = false;
  ChatTemplateOptions chat_template;
};

// The tokenizer and chat template of a checkpoint. Immutable: share it between threads.
class GERBIL_API Tokenizer {
 public:
  // Reads the folder's tokenizer and template; weights are not needed. `bundled_models` and `hub`
  // as in LoadOptions.
  static Result<std::unique_ptr<Tokenizer>> load(const std::string& model,
                                                 const std::string& bundled_models = "",
                                                 const Hub& hub = {});
  ~Tokenizer();

  // Ids of a text; special tokens written out in it become their ids; a <bos> that every text gets
  // in front is not put before itself. Each ill-formed sequence of UTF-8 is read as U+FFFD.
  Result<std::vector<int32_t>> encode(std::string_view text) const;
  Result<std::string> decode(const std::vector<int32_t>& ids, bool skip_special) const;
  // The prompt of a chat. `messages`: a JSON array of {"role", "content", ...} as OpenAI's API has
  // them; `tools`: a JSON array of function descriptions, or empty.
  Result<std::string> render(std::string_view messages, std::string_view tools,
                             const ChatOptions& options) const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ---- generation

// What to answer: a chat, raw text, or ids.
struct Chat {
  std::string messages;  // JSON array, see Tokenizer::render
  std::string tools;     // JSON array, or empty
  std::optional<bool> think;
  // The last message (of the assistant) is unfinished: the answer goes on where its content ends,
  // and holds only what is new. `think` says nothing then: the content may be inside of <think>.
  bool continue_final_message = false;
  ChatTemplateOptions chat_template;
  // Pictures and videos are content parts of the messages: {"type": "image", "image": PLACE},
  // {"type": "image_url", "image_url": {"url": PLACE}}, {"type": "video", "video": PLACE, "fps":
  // 4}. A place is a file, a data: URL or, for a video, a folder of frames (fps: how many make a
  // second). They need LoadOptions::vision.
  std::string media_folder;             // where relative paths start; empty: this process's folder
  std::optional<int64_t> image_tokens;  // most tokens of a picture, or of all of a video
  std::optional<double> fps;            // frames sampled of a second of video
  std::optional<int64_t> max_frames;    // most frames of a video
};
struct RawText {  // the answer goes on where it ends; what is not UTF-8 is refused, not repaired
  std::string text;
};
struct TokenIds {
  std::vector<int32_t> ids;
};

// Added to the token's logit.
struct LogitBias {
  int32_t id = 0;
  double bias = 0;  // [-100, 100]; -100 all but forbids the token, 100 all but forces it
};

// How the next token is drawn, in this order: bias, penalties, temperature, top-k, top-p, min-p.
// Unset fields come from the checkpoint's generation_config.json, else from the values given here.
struct Sampling {
  std::optional<double>
      temperature;               // 0: greedy; default 1, or 0 where the checkpoint does not sample
  std::optional<int32_t> top_k;  // 0: off (default)
  std::optional<double> top_p;   // (0, 1], default 1
  std::optional<double> min_p;   // [0, 1], default 0
  // Of tokens in the prompt or the answer so far: positive logits are divided by it, negative ones
  // multiplied (as in transformers). (0, 100], default 1: off.
  std::optional<double> repetition_penalty;
  // Subtracted from the logits of tokens in the answer so far: once, and once for each time (as
  // OpenAI's API has them). [-2, 2], default 0.
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::vector<LogitBias> logit_bias;  // at most 1024, each id once
  std::optional<uint64_t>
      seed;  // default 0; a seed means the same on every backend, batch and thread count
};

inline constexpr int32_t kMaxLogprobs = 20;

struct Request {
  std::variant<Chat, RawText, TokenIds> prompt;
  int64_t max_tokens = 0;  // 0: until the model stops or the context is full
  // No stop token is drawn before the answer has so many tokens. Unset: the checkpoint's
  // min_new_tokens, else 0.
  std::optional<int64_t> min_tokens;
  Sampling sampling;
  std::vector<std::string> stop;        // strings that end the answer; not part of it
  std::vector<int32_t> stop_token_ids;  // end the answer beside the checkpoint's own eos tokens
  bool ignore_eos = false;              // go on behind the checkpoint's eos tokens
  // Log probabilities of the answer's tokens, and so many of the likeliest alternatives to each:
  // 0 to kMaxLogprobs. Unset: none.
  std::optional<int32_t> logprobs;
  // Most tokens inside of <think>; then the thinking is closed for the model, and it answers. 0: no
  // thinking. Unset: no limit. Chats only; without effect where the template knows no thinking.
  std::optional<int64_t> thinking_budget;
  // Closes a thinking that repeats itself word for word: the same cycle of at most 256 tokens, at
  // least 4 times and over at least 256 tokens.
  bool thinking_loop_guard = true;
};

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON
};

// A token and how likely the model found it: log softmax of the logits as they come from the model,
// before bias, penalties and temperature.
struct TokenLogprob {
  int32_t id = 0;
  std::string bytes;  // its text; may be a part of a character, or empty (padding)
  double logprob = 0;
};
struct DrawnLogprob : TokenLogprob {
  // The likeliest, best first, as many as the request asked for; the drawn token may be among them.
  // Empty (and logprob 0) for a token that was not drawn: what closes a thinking.
  std::vector<TokenLogprob> top;
};

// A piece of the answer, in order, whole characters only.
struct Delta {
  enum class Kind { kReasoning, kText, kToolCall };
  Kind kind = Kind::kText;
  std::string text;    // reasoning or answer
  ToolCall tool_call;  // where kind is kToolCall
  // If asked for: of the tokens whose text became known with this piece. Markers that are no piece
  // of an answer (</think>) come with the next one.
  std::vector<DrawnLogprob> logprobs;
};
using OnDelta = std::function<void(const Delta&)>;

enum class FinishReason {
  kStop,       // a stop token or stop string
  kLength,     // max_tokens
  kContext,    // the context is full
  kCancelled,  // cancel()
};
GERBIL_API std::string_view name(FinishReason reason);  // "stop"

enum class ThinkingEnd {
  kItself,  // the model closed it, or there was none
  kBudget,  // Request::thinking_budget
  kLoop,    // Request::thinking_loop_guard
};

GERBIL_API std::string_view name(ThinkingEnd end);  // "itself", "budget", "loop"

struct Timings {
  double prefill_ms = 0;  // prompt to first token
  double decode_ms = 0;   // the tokens after the first
  double tok_s = 0;      // tokens after the first, a second of decode; 0 with fewer than two tokens
  double encode_ms = 0;  // of pictures and videos that were not encoded yet; before prefill_ms
};

struct Answer {
  std::string text;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::vector<int32_t> token_ids;  // generated, the stop token included
  // If asked for: of token_ids, up to the stop token or the token that a stop string begins in.
  std::vector<DrawnLogprob> logprobs;
  int64_t reasoning_tokens = 0;  // of token_ids: inside of <think>
  ThinkingEnd thinking_end = ThinkingEnd::kItself;
  FinishReason finish_reason = FinishReason::kStop;
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt: already in the session's state
  // Of its pictures and videos that no earlier answer of the session had encoded.
  int64_t encoded_patches = 0;
  Timings timings;
};

class Engine;

// One conversation: its tokens stay in the cache, so that the next prompt that begins with them
// costs only its end.
class GERBIL_API Session {
 public:
  ~Session();

  // Runs until the answer is complete. Without start(), this call drives the engine itself.
  // An empty prompt, or one that does not fit the context, is an error.
  Result<Answer> generate(const Request& request, const OnDelta& on_delta = {});
  // Ends the running generate() with kCancelled after the step in flight; what was generated is
  // kept. Where none runs, the next one ends so before its first token. Any thread.
  void cancel();
  // Takes back a cancel() that no generate() has met yet. Not while one runs.
  void clear_cancel();

 private:
  friend class Engine;
  struct Impl;
  explicit Session(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// ---- the model's own numbers

struct ForwardRequest {
  // One of the three.
  std::vector<int32_t> input_ids;
  std::string prompt;  // raw text
  // Safetensors with "input_ids" [T] or [1, T], I64 or I32, and what the processors of Hugging Face
  // write beside it: attention_mask, mm_token_type_ids, pixel_values and image_grid_thw,
  // pixel_values_videos and video_grid_thw.
  std::string inputs_file;
  bool taps = false;  // also hidden states and, after the prompt, recurrent states
};

// Does an inputs_file hold pictures or videos, so that LoadOptions::vision is needed?
GERBIL_API Result<bool> has_pictures(const std::string& inputs_file);

// ---- measuring

// What this machine can do at best, to put speeds beside: of each the best of several tries.
struct MachineRates {
  double read_bytes_s = 0;  // bytes read from memory, a second, by all threads together
  double read_bytes_s_one_thread = 0;
  double int8_products_s = 0;  // products of 8-bit integers, each added to a sum
  double int8_products_s_one_thread = 0;
  double f32_operations_s = 0;  // multiplications and additions of 32-bit floats
  double f32_operations_s_one_thread = 0;
};

// One call of an operation.
struct OpCall {
  std::string_view op;      // "linear"
  std::string_view kernel;  // which of the operation's kernels ran: "highway"
  // The weight it works with, else the part of the model that it stands in:
  // "layers.3.attention.qkv", "layers.3.mlp".
  std::string_view place;
  int64_t layer = -1;  // -1: of none
  int64_t rows = 0;    // of its output
  double start_s = 0;  // seconds since a fixed moment, the same for all calls
  double seconds = 0;
  // What it had to move and to compute at least.
  uint64_t weight_bytes = 0;         // read
  uint64_t state_read_bytes = 0;     // KV cache and recurrent states
  uint64_t state_written_bytes = 0;  // likewise
  uint64_t value_bytes = 0;          // inputs read, outputs written; mostly in caches
  // Multiplications and additions of products, attention, convolutions and recurrences; 0 for
  // others.
  uint64_t operations = 0;
};

// One turn of the scheduler through the model. Texts in it live as long as the engine.
struct StepProfile {
  int64_t rows = 0;       // tokens that it computed, of all sequences
  int64_t sequences = 0;  // whose tokens these are
  int64_t drawn = 0;      // of these: drew a token; a prompt's step before its last draws none
  double start_s = 0;     // as OpCall::start_s
  double seconds = 0;     // the calls and what is between them
  std::vector<OpCall> calls;
};
using OnStep = std::function<void(const StepProfile&)>;

// A picture to be encoded for its speed.
struct PictureTest {
  std::string place;  // a file, or a data: URL; empty: one of noise
  int64_t width = 0;  // of that, in pixels
  int64_t height = 0;
};
struct PictureRun {
  int64_t width = 0;  // in pixels, as it was encoded
  int64_t height = 0;
  int64_t patches = 0;
  int64_t tokens = 0;          // that it takes in a prompt
  double prepare_seconds = 0;  // decoded, resized and cut into patches
  StepProfile step;            // its way through the encoder; rows are patches
};

// Of this process; zeros where the system does not say.
struct ProcessMemory {
  uint64_t resident_bytes = 0;       // in memory, mapped files included
  uint64_t peak_resident_bytes = 0;  // the most there was so far
  uint64_t anonymous_bytes = 0;      // of resident_bytes: not the pages of files
};
GERBIL_API ProcessMemory process_memory();

// ---- engine

struct ModelInfo {
  std::string architecture;  // "Qwen3ForCausalLM"
  std::string backend;       // the one that runs
  std::string isa;  // the instruction set of its kernels: "avx512"; "" where it has no choice
  // Names as on the command line, with "auto" decided.
  std::string quant, activations, kv;
  int threads = 0;
  int64_t batch = 0;
  std::string choices;  // "quant stored, activations f32, kv f16, avx512, 8 threads, batch 512,
                        // context 4096"
  int64_t context = 0;  // tokens a sequence may have
  int64_t vocab_size = 0;
  uint64_t weight_bytes = 0;  // packed
  Sampling sampling;          // the checkpoint's defaults: every field is set
  double load_ms = 0;
};

class GERBIL_API Engine {
 public:
  // Opens a checkpoint and makes it ready to run. A folder without a tokenizer loads; only ids can
  // be given then.
  static Result<std::unique_ptr<Engine>> load(const LoadOptions& options);
  ~Engine();

  const ModelInfo& info() const;
  Result<std::unique_ptr<Session>> new_session();

  // One turn of the scheduler over all sessions; false: nothing to do. Exactly one caller at a
  // time, and none while a driver thread runs.
  Result<bool> step();
  // Makes a driver thread that runs step() whenever there is work, until stop() or the engine's
  // end.
  Status start();
  void stop();

  // Writes `output_file` (safetensors): input_ids I64 [T], logits F32 [T, vocab] and, with taps,
  // hidden.0 (embedding), hidden.I (after layer I - 1), hidden.final (after the final norm) F32 [T,
  // hidden], conv_state.layerI [channels, kernel] and recurrent_state.layerI [value heads, key dim,
  // value dim] F32; of pictures and videos pixel_values, image_grid_thw, pixel_values_videos,
  // video_grid_thw, position_ids I64 [3, T], vis.blockI [patches, width] and vis.merger [places,
  // hidden] (of videos beside pictures: vis.video.…). Memory stays bounded: logits go to the file
  // as they come. Needs the driver's turn: not while a driver thread runs.
  Status forward(const ForwardRequest& request, const std::string& output_file);

  // Has every step timed, operation by operation, and shown to `on_step`, which is called like the
  // other callbacks. Empty: no more, and steps cost what they cost before.
  void set_profiler(OnStep on_step);
  // Measures it with the engine's threads; takes some hundred milliseconds, and as long up to 256
  // MiB of memory. Needs the driver's turn, as forward().
  Result<MachineRates> measure_machine();
  // Encodes a picture, timed operation by operation, and keeps nothing of it. Needs
  // LoadOptions::vision, and the driver's turn, as forward().
  Result<PictureRun> measure_picture(const PictureTest& test);

 private:
  friend class Session;
  struct Impl;
  explicit Engine(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// ---- plan: what a model would take, with nothing loaded but configs and headers

struct Plan {
  // The model.
  std::string folder;
  std::string architecture;        // "Qwen3ForCausalLM"
  uint64_t parameters = 0;         // of what would be loaded; a tied table counts once
  uint64_t active_parameters = 0;  // of these: of experts only those that a token uses
  int64_t experts = 0;             // of a layer that has any; 0: none has
  int64_t experts_per_token = 0;
  int64_t layers = 0;
  int64_t windowed_layers = 0;   // of these: attention within a window
  int64_t recurrent_layers = 0;  // of these: with a state of fixed size, no KV cache
  int64_t hidden = 0;
  int64_t vocab_size = 0;
  int64_t max_context = 0;       // tokens, as the model says
  int64_t tokenizer_tokens = 0;  // vocabulary of its tokenizer; 0: it has none
  bool chat_template = false;

  // How it would run: names as on the command line, with "auto" decided.
  std::string backend, quant, activations, kv;
  int threads = 0;
  int64_t batch = 0;
  int64_t context = 0;  // that Engine::load would take now

  // On disk.
  struct Skipped {
    std::string rule;  // "vision"
    int64_t tensors = 0;
    uint64_t bytes = 0;
  };
  int64_t needed_tensors = 0;
  uint64_t needed_bytes = 0;
  uint64_t missing_bytes = 0;  // of these: of a hub's model, not fetched yet
  std::vector<Skipped> skipped;

  // In memory: what one conversation as long as `context` takes at most. Beside it there are the
  // program itself and the tokenizer.
  struct Encoding {
    std::string name;  // "bf16"
    uint64_t parameters = 0;
    uint64_t bytes = 0;
  };
  struct WeightClass {
    std::string name;  // "embedding", "attention", "recurrent", "mlp", "experts", ...
    int64_t tensors = 0;
    uint64_t parameters = 0;
    uint64_t bytes = 0;            // held
    std::vector<Encoding> stored;  // in the checkpoint; most bytes first
    std::vector<Encoding> held;    // in memory, likewise
  };
  std::vector<WeightClass> weights;  // the classes that the model has
  uint64_t weight_bytes = 0;         // of all classes
  uint64_t mapped_bytes = 0;  // of these: not copied, the file's own pages, which the system may
                              // drop and read again
  uint64_t step_bytes = 0;    // what a step of `batch` tokens works in
  uint64_t kv_bytes = 0;      // KV cache of `context` tokens, in the blocks it is allocated in
  uint64_t kv_bytes_per_1k_tokens = 0;  // 1024 tokens in the layers that keep every token
  uint64_t kv_window_bytes = 0;         // all that windowed layers keep of a long conversation
  uint64_t recurrent_bytes = 0;         // recurrent_states of recurrent_state_bytes, in blocks
  uint64_t recurrent_state_bytes = 0;   // of one place of a conversation
  int64_t recurrent_states = 0;  // that a conversation holds at most: its own, those being written,
                                 // and snapshots to come back to
  uint64_t total_bytes = 0;      // weights, step, KV cache and recurrent states

  // This machine.
  uint64_t free_bytes = 0;      // memory that could be taken now; 0: the system does not say
  bool fits = false;            // total_bytes in free_bytes
  int64_t largest_context = 0;  // tokens that would fit; 0: not even the weights do, or unknown
};

// What Engine::load(options) would take, and how. Weights need not be readable, but their headers
// must be there. Errors as Engine::load's.
GERBIL_API Result<Plan> plan(const LoadOptions& options);
// One JSON object without a newline; its fields are described in docs/plan.md.
GERBIL_API std::string to_json(const Plan& plan);

// The library's version, "0.1.0".
GERBIL_API std::string_view version();

}  // namespace gerbil
