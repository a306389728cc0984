#include "runtime/generation_config.h"

#include <array>
#include <cmath>

#include "base/json.h"

namespace gerbil::runtime {
namespace {

constexpr std::string_view kFile = "generation_config.json";

// Fields that change what is drawn and that this build does not apply, with the value that means
// "off".
struct Unapplied {
  std::string_view key;
  double off;
};
constexpr std::array<Unapplied, 6> kUnapplied = {{{"repetition_penalty", 1},
                                                  {"presence_penalty", 0},
                                                  {"frequency_penalty", 0},
                                                  {"no_repeat_ngram_size", 0},
                                                  {"typical_p", 1},
                                                  {"num_beams", 1}}};

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
  for (const Unapplied& row : kUnapplied) {
    GERBIL_TRY(const double value, fields.number_or(row.key, row.off));
    if (value != row.off && log)
      log(fmt::format("{}: \"{}\" {} is not applied in this build", kFile, row.key, value));
  }
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
  if (wish.seed) params.seed = *wish.seed;
  return params;
}

}  // namespace gerbil::runtime
