#include "runtime/generation_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json.h"

namespace gerbil::runtime {
namespace {

constexpr std::string_view kFile = "generation_config.json";

// Fields that change what is drawn and that are not applied, with the number that means "off". A
// model answers without them, only otherwise than its makers meant: a note, no error.
struct Unapplied {
  std::string_view key;
  double off;
};
constexpr std::array<Unapplied, 13> kUnapplied = {{{"no_repeat_ngram_size", 0},
                                                   {"encoder_repetition_penalty", 1},
                                                   {"encoder_no_repeat_ngram_size", 0},
                                                   {"typical_p", 1},
                                                   {"epsilon_cutoff", 0},
                                                   {"eta_cutoff", 0},
                                                   {"penalty_alpha", 0},
                                                   {"top_h", 0},
                                                   {"num_beams", 1},
                                                   {"num_beam_groups", 1},
                                                   {"diversity_penalty", 0},
                                                   {"guidance_scale", 1},
                                                   {"min_length", 0}}};
// Likewise, lists and objects: off where absent, null or empty.
constexpr std::array<std::string_view, 11> kUnappliedLists = {
    "bad_words_ids",       "force_words_ids",     "constraints",
    "sequence_bias",       "suppress_tokens",     "begin_suppress_tokens",
    "forced_bos_token_id", "forced_eos_token_id", "exponential_decay_length_penalty",
    "watermarking_config", "stop_strings"};

bool is_off(const json::Value& value) {
  if (value.kind() == json::Value::Kind::kNull) return true;
  if (value.array() != nullptr) return value.array()->empty();
  return value.object() != nullptr && value.object()->size() == 0;
}

Status note_unapplied(const json::Fields& fields, const LogSink& log) {
  for (const Unapplied& row : kUnapplied) {
    GERBIL_TRY(const double value, fields.number_or(row.key, row.off));
    if (value != row.off && log)
      log(fmt::format("{}: \"{}\" {} is not applied", kFile, row.key, value));
  }
  for (const std::string_view key : kUnappliedLists) {
    const json::Value* value = fields.find(key);
    if (value != nullptr && !is_off(*value) && log)
      log(fmt::format("{}: \"{}\" is not applied", kFile, key));
  }
  return {};
}

constexpr double kMaxRepetition = 100;
constexpr double kMaxPenalty = 2;

Result<std::vector<int32_t>> read_eos(const json::Fields& fields) {
  constexpr json::IntegerRange kId{0, INT32_MAX};
  const json::Value* value = fields.find("eos_token_id");
  if (value == nullptr) return std::vector<int32_t>{};
  if (value->kind() == json::Value::Kind::kArray) {
    GERBIL_TRY(const std::vector<int64_t> ids, fields.integers("eos_token_id", kId, 1024));
    return std::vector<int32_t>(ids.begin(), ids.end());
  }
  GERBIL_TRY(const int64_t id, fields.integer("eos_token_id", kId));
  return std::vector<int32_t>{static_cast<int32_t>(id)};
}

}  // namespace

Result<GenerationConfig> parse_generation_config(std::string_view text,
                                                 const std::vector<int32_t>& model_eos_ids,
                                                 const LogSink& log) {
  GenerationConfig config{.eos_ids = model_eos_ids};
  if (text.empty()) return config;
  GERBIL_TRY(const json::Value root, json::parse(text, kFile));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, kFile));
  GERBIL_TRY(std::vector<int32_t> eos, read_eos(fields));
  if (!eos.empty()) config.eos_ids = std::move(eos);
  GERBIL_CHECK_OK(note_unapplied(fields, log));
  // Penalties hold for the greedy choice too.
  GERBIL_TRY(const double repetition,
             fields.number_or("repetition_penalty", 1, {0, kMaxRepetition}));
  if (repetition == 0) return fields.expected("repetition_penalty", "a number above 0");
  GERBIL_TRY(const double presence,
             fields.number_or("presence_penalty", 0, {-kMaxPenalty, kMaxPenalty}));
  GERBIL_TRY(const double frequency,
             fields.number_or("frequency_penalty", 0, {-kMaxPenalty, kMaxPenalty}));
  config.sampling.repetition_penalty = static_cast<float>(repetition);
  config.sampling.presence_penalty = static_cast<float>(presence);
  config.sampling.frequency_penalty = static_cast<float>(frequency);
  GERBIL_TRY(config.min_tokens, fields.integer_or("min_new_tokens", 0, {0, INT32_MAX}));
  GERBIL_TRY(const bool do_sample, fields.boolean_or("do_sample", false));
  if (!do_sample) return config;
  GERBIL_TRY(const double temperature, fields.number_or("temperature", 1, {0, 100}));
  GERBIL_TRY(const int64_t top_k, fields.integer_or("top_k", 0, {0, INT32_MAX}));
  GERBIL_TRY(const double top_p, fields.number_or("top_p", 1, {0, 1}));
  GERBIL_TRY(const double min_p, fields.number_or("min_p", 0, {0, 1}));
  config.sampling.temperature = static_cast<float>(temperature);
  config.sampling.top_k = static_cast<int32_t>(top_k);
  config.sampling.top_p = static_cast<float>(top_p);
  config.sampling.min_p = static_cast<float>(min_p);
  return config;
}

Result<graph::SampleParams> resolve_sampling(const SamplingWish& wish,
                                             const graph::SampleParams& defaults) {
  graph::SampleParams params = defaults;
  if (wish.temperature) {
    if (!(*wish.temperature >= 0 && *wish.temperature <= 100))
      return invalid("temperature: expected 0 to 100, found {}", *wish.temperature);
    params.temperature = static_cast<float>(*wish.temperature);
  } else if (params.temperature == 0 && (wish.top_k || wish.top_p || wish.min_p)) {
    params.temperature = 1;
  }
  if (wish.top_k) {
    if (*wish.top_k < 0) return invalid("top-k: expected 0 (off) or more, found {}", *wish.top_k);
    params.top_k = *wish.top_k;
  }
  if (wish.top_p) {
    if (!(*wish.top_p > 0 && *wish.top_p <= 1))
      return invalid("top-p: expected above 0 to 1, found {}", *wish.top_p);
    params.top_p = static_cast<float>(*wish.top_p);
  }
  if (wish.min_p) {
    if (!(*wish.min_p >= 0 && *wish.min_p <= 1))
      return invalid("min-p: expected 0 to 1, found {}", *wish.min_p);
    params.min_p = static_cast<float>(*wish.min_p);
  }
  if (wish.repetition_penalty) {
    // The least float: what is smaller would divide by zero.
    if (!(static_cast<float>(*wish.repetition_penalty) > 0 &&
          *wish.repetition_penalty <= kMaxRepetition))
      return invalid("repetition-penalty: expected above 0 to {}, found {}", kMaxRepetition,
                     *wish.repetition_penalty);
    params.repetition_penalty = static_cast<float>(*wish.repetition_penalty);
  }
  const auto penalty = [](std::string_view name, const std::optional<double>& wanted,
                          float& target) -> Status {
    if (!wanted) return {};
    if (!(*wanted >= -kMaxPenalty && *wanted <= kMaxPenalty))
      return invalid("{}: expected {} to {}, found {}", name, -kMaxPenalty, kMaxPenalty, *wanted);
    target = static_cast<float>(*wanted);
    return {};
  };
  GERBIL_CHECK_OK(penalty("presence-penalty", wish.presence_penalty, params.presence_penalty));
  GERBIL_CHECK_OK(penalty("frequency-penalty", wish.frequency_penalty, params.frequency_penalty));
  if (wish.seed) params.seed = *wish.seed;
  return params;
}

Result<std::vector<graph::LogitBias>> resolve_bias(Span<const BiasWish> wishes, int64_t vocab) {
  constexpr size_t kMost = 1024;
  constexpr double kMaxBias = 100;
  if (wishes.size() > kMost)
    return invalid("logit-bias: expected at most {} tokens, found {}", kMost, wishes.size());
  std::vector<graph::LogitBias> bias;
  for (const BiasWish& wish : wishes) {
    if (wish.id < 0 || wish.id >= vocab)
      return invalid("logit-bias: expected ids from 0 to {}, found {}", vocab - 1, wish.id);
    if (!(wish.bias >= -kMaxBias && wish.bias <= kMaxBias))
      return invalid("logit-bias: expected {} to {} for token {}, found {}", -kMaxBias, kMaxBias,
                     wish.id, wish.bias);
    if (std::ranges::find(bias, wish.id, &graph::LogitBias::id) != bias.end())
      return invalid("logit-bias: token {} is given twice", wish.id);
    bias.push_back({wish.id, static_cast<float>(wish.bias)});
  }
  return bias;
}

}  // namespace gerbil::runtime
