#include "model/config_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/quote.h"
#include "graph/verify.h"

namespace gerbil::model {
namespace {

using json::Fields;

constexpr LayerType kLayerTypes[] = {LayerType::kFullAttention, LayerType::kSlidingAttention,
                                     LayerType::kLinearAttention};
constexpr json::IntegerRange kTokenIds{0, std::numeric_limits<int32_t>::max()};
constexpr size_t kMaxEosIds = 1024;

// The largest weights that configs within the bounds ask for: vocabulary, gate and up as one
// matrix, and the projections of attention and of Gated DeltaNet (q and its gate, k, v; q, k, v, z
// and two numbers a head).
constexpr uint64_t kMaxOutputs =
    std::max<uint64_t>({kMaxVocab, 2 * kMaxWidth, 4 * kMaxHeads* kMaxHeadDim + 2 * kMaxHeads});
static_assert(kMaxOutputs * kMaxHidden <= graph::kMaxElements);

Result<std::vector<int32_t>> read_eos_ids(const Fields& text) {
  const json::Value* value = text.find("eos_token_id");
  if (value == nullptr) return std::vector<int32_t>();
  std::vector<int64_t> ids;
  if (value->array() != nullptr) {
    GERBIL_TRY(ids, text.integers("eos_token_id", kTokenIds, kMaxEosIds));
  } else {
    GERBIL_TRY(const int64_t id, text.integer("eos_token_id", kTokenIds));
    ids.push_back(id);
  }
  return std::vector<int32_t>(ids.begin(), ids.end());
}

// ---- rotary positions

// A setting that configs of different age keep in different places: here and there it must be the
// same.
Status set_once(const Fields& fields, std::string_view key, json::NumberRange range,
                std::optional<double>& setting) {
  if (!fields.has(key)) return {};
  GERBIL_TRY(const double value, fields.number(key, range));
  if (setting && *setting != value)
    return fields.expected(key, fmt::format("{}, as elsewhere in the file", *setting));
  setting = value;
  return {};
}

constexpr json::NumberRange kThetas{1, 1e15};
constexpr json::NumberRange kFactors{0, 1};

struct RopeSettings {
  std::optional<double> theta;
  std::optional<double> partial_factor;
  std::vector<int64_t> mrope_section;
};

// The object rope_parameters or rope_scaling.
Status read_rope_object(const Fields& rope, const RopeRules& rules, RopeSettings& settings) {
  for (std::string_view key : {"rope_type", "type"}) {
    if (!rope.has(key)) continue;
    GERBIL_TRY(const std::string type, rope.string(key));
    if (type != "default") return rope.expected(key, "\"default\"", ErrorCode::kUnsupported);
  }
  GERBIL_CHECK_OK(set_once(rope, "rope_theta", kThetas, settings.theta));
  GERBIL_CHECK_OK(set_once(rope, "partial_rotary_factor", kFactors, settings.partial_factor));
  const bool mrope = !rules.mrope_section.empty();
  if (mrope && rope.has("mrope_section")) {
    GERBIL_TRY(settings.mrope_section, rope.integers("mrope_section", {0, kMaxHeadDim}, 3));
    if (settings.mrope_section.size() != 3)
      return rope.expected("mrope_section", "three integers (time, height, width)");
  }
  if (mrope && rope.has("mrope_interleaved")) {
    GERBIL_TRY(const bool interleaved, rope.boolean("mrope_interleaved"));
    if (!interleaved) return rope.expected("mrope_interleaved", "true", ErrorCode::kUnsupported);
  }
  for (const json::Member& member : rope.object().members()) {
    const std::string_view key = member.key;
    const bool known = key == "rope_type" || key == "type" || key == "rope_theta" ||
                       key == "partial_rotary_factor" ||
                       (mrope && (key == "mrope_section" || key == "mrope_interleaved"));
    if (!known && !member.value.is_null())
      return unsupported("{}: {}: this rotary setting is not understood", rope.file(),
                         in_quotes(rope.path(key)));
  }
  return {};
}

}  // namespace

std::string_view name(LayerType type) {
  switch (type) {
    case LayerType::kFullAttention:
      return "full_attention";
    case LayerType::kSlidingAttention:
      return "sliding_attention";
    case LayerType::kLinearAttention:
      return "linear_attention";
  }
  return "";
}

Result<int64_t> read_layer_count(const Fields& text) {
  return text.integer("num_hidden_layers", {1, kMaxLayers});
}

Status read_common(const Fields& text, ModelConfig& config) {
  GERBIL_TRY(const std::string activation, text.string_or("hidden_act", "silu"));
  if (activation != "silu") return text.expected("hidden_act", "\"silu\"", ErrorCode::kUnsupported);
  GERBIL_TRY(config.hidden, text.integer("hidden_size", {1, kMaxHidden}));
  GERBIL_TRY(config.vocab, text.integer("vocab_size", {1, kMaxVocab}));
  GERBIL_TRY(const double eps, text.number_or("rms_norm_eps", 1e-6, {1e-20, 1}));
  config.eps = static_cast<float>(eps);
  // 32768: what the library assumes for these families.
  GERBIL_TRY(config.max_positions,
             text.integer_or("max_position_embeddings", 32768, {1, kMaxPositions}));
  GERBIL_TRY(config.eos_ids, read_eos_ids(text));
  GERBIL_TRY(config.tied, text.optional_boolean("tie_word_embeddings"));
  return {};
}

Result<int64_t> read_width(const Fields& text, std::string_view key) {
  return text.integer(key, {1, kMaxWidth});
}

Status read_experts(const Fields& text, ModelConfig& config) {
  ExpertsConfig& experts = config.experts;
  constexpr json::IntegerRange kCounts{1, kMaxExperts};
  const bool local = text.has("num_local_experts");
  GERBIL_TRY(experts.count, text.integer(local ? "num_local_experts" : "num_experts", kCounts));
  if (local && text.has("num_experts")) {
    GERBIL_TRY(const int64_t same, text.integer("num_experts", kCounts));
    if (same != experts.count)
      return text.expected("num_experts", fmt::format("{} (num_local_experts)", experts.count));
  }
  GERBIL_TRY(experts.top_k, text.integer("num_experts_per_tok", kCounts));
  if (experts.top_k > experts.count)
    return text.expected("num_experts_per_tok",
                         fmt::format("an integer from 1 to {} (the experts)", experts.count));
  GERBIL_TRY(experts.intermediate, read_width(text, "moe_intermediate_size"));
  const auto most = static_cast<int64_t>(graph::kMaxElements) / (2 * config.hidden * experts.count);
  if (experts.intermediate > most)
    return text.expected("moe_intermediate_size",
                         fmt::format("at most {} in {} experts of hidden_size {}", most,
                                     experts.count, config.hidden));
  return {};
}

Result<int64_t> read_divisor(const Fields& fields, std::string_view key, int64_t whole,
                             std::string_view whole_key, std::optional<int64_t> fallback) {
  if (fallback && !fields.has(key)) return *fallback;
  GERBIL_TRY(const int64_t value, fields.integer(key, {1, kMaxWidth}));
  if (whole % value != 0)
    return fields.expected(key, fmt::format("a divisor of {} ({})", whole, whole_key));
  return value;
}

Result<int64_t> read_head_dim(const Fields& fields, int64_t fallback) {
  GERBIL_TRY(const int64_t head_dim, fields.integer_or("head_dim", fallback, {2, kMaxHeadDim}));
  if (head_dim % 2 != 0 || head_dim > kMaxHeadDim)
    return fields.expected("head_dim", fmt::format("an even integer from 2 to {}", kMaxHeadDim));
  return head_dim;
}

Result<std::optional<std::vector<LayerType>>> read_layer_types(const Fields& text,
                                                               Span<const LayerType> allowed) {
  GERBIL_TRY(const int64_t count, read_layer_count(text));
  if (!text.has("layer_types")) return std::optional<std::vector<LayerType>>();
  GERBIL_TRY(const std::vector<std::string> names, text.strings("layer_types", kMaxLayers));
  if (static_cast<int64_t>(names.size()) != count)
    return text.expected("layer_types", fmt::format("{} entries (num_hidden_layers)", count));
  std::vector<LayerType> types;
  for (const std::string& spelled : names) {
    const auto* type = std::find_if(std::begin(kLayerTypes), std::end(kLayerTypes),
                                    [&](LayerType known) { return name(known) == spelled; });
    if (type == std::end(kLayerTypes) ||
        std::find(allowed.begin(), allowed.end(), *type) == allowed.end()) {
      std::string list;
      for (LayerType one : allowed)
        list += fmt::format("{}\"{}\"", list.empty() ? "" : " or ", name(one));
      return unsupported("{}: {}: expected {}, found {}", text.file(),
                         in_quotes(text.path(fmt::format("layer_types[{}]", types.size()))), list,
                         in_quotes(spelled));
    }
    types.push_back(*type);
  }
  return std::optional(std::move(types));
}

Result<std::optional<int32_t>> read_token_id(const Fields& fields, std::string_view key,
                                             int64_t vocab) {
  GERBIL_TRY(const std::optional<int64_t> id, fields.optional_integer(key, {0, vocab - 1}));
  if (!id) return std::optional<int32_t>();
  return std::optional<int32_t>(static_cast<int32_t>(*id));
}

Result<RopeConfig> read_rope(const Fields& text, int64_t head_dim, const RopeRules& rules) {
  RopeSettings settings;
  for (std::string_view key : {"rope_parameters", "rope_scaling"}) {
    GERBIL_TRY(const std::optional<Fields> rope, text.optional_object(key));
    if (rope) GERBIL_CHECK_OK(read_rope_object(*rope, rules, settings));
  }
  GERBIL_CHECK_OK(set_once(text, "rope_theta", kThetas, settings.theta));
  GERBIL_CHECK_OK(set_once(text, "partial_rotary_factor", kFactors, settings.partial_factor));
  if (!settings.theta) return text.expected("rope_theta", "a number of at least 1");

  const double factor = settings.partial_factor.value_or(rules.partial_factor);
  if (rules.partial_factor == 1 && factor != 1)
    return unsupported("{}: {}: expected 1, found {}", text.file(),
                       in_quotes(text.path("partial_rotary_factor")), factor);
  const double rotated = std::floor(static_cast<double>(head_dim) * factor);
  if (!(factor > 0 && factor <= 1 && rotated >= 2 && std::fmod(rotated, 2) == 0))
    return invalid(
        "{}: {}: expected a fraction of head_dim ({}) that is an even number from 2, found {}",
        text.file(), in_quotes(text.path("partial_rotary_factor")), head_dim, factor);

  RopeConfig config{*settings.theta, static_cast<int64_t>(rotated), rules.mrope_section};
  if (settings.mrope_section.empty()) return config;
  const auto& section = settings.mrope_section;
  if (section[0] + section[1] + section[2] > config.rotary_dim / 2)
    return invalid(
        "{}: {}: expected three integers with a sum of at most {} (half of the rotary dimension), "
        "found [{}, {}, {}]",
        text.file(), in_quotes(text.path("mrope_section")), config.rotary_dim / 2, section[0],
        section[1], section[2]);
  config.mrope_section = section;
  return config;
}

}  // namespace gerbil::model
