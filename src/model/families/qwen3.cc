#include "model/families/qwen3.h"

#include <algorithm>
#include <cmath>

#include "model/blocks/decoder.h"
#include "model/blocks/experts.h"

namespace gerbil::model {
namespace {

using enum Presence;
using enum Where;
using enum graph::LoadTransform;
using graph::Scope;
using graph::Value;

// ---- names

constexpr NameRow kQwen3Names[] = {
    {"embed", kText, {"embed_tokens.weight"}},
    {"input_norm", kEveryLayer, {"input_layernorm.weight"}},
    {"attention.qkv",
     kEveryLayer,
     {"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"}},
    {"attention.qkv.bias",  // no released model has it: attention_bias
     kEveryLayer,
     {"self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"},
     kOptional},
    {"attention.q_norm", kEveryLayer, {"self_attn.q_norm.weight"}},
    {"attention.k_norm", kEveryLayer, {"self_attn.k_norm.weight"}},
    {"attention.out", kEveryLayer, {"self_attn.o_proj.weight"}},
    {"attention.out.bias", kEveryLayer, {"self_attn.o_proj.bias"}, kOptional},
    {"mlp_norm", kEveryLayer, {"post_attention_layernorm.weight"}},
    {"mlp.gate_up", kDenseLayers, {"mlp.gate_proj.weight", "mlp.up_proj.weight"}},
    {"mlp.down", kDenseLayers, {"mlp.down_proj.weight"}},
    {"mlp.router", kSparseLayers, {"mlp.gate.weight"}},
    {"mlp.experts.gate_up",
     kSparseLayers,
     {"mlp.experts.*.gate_proj.weight", "mlp.experts.*.up_proj.weight"},
     kRequired,
     kNone,
     "mlp.experts.gate_up_proj"},
    {"mlp.experts.down",
     kSparseLayers,
     {"mlp.experts.*.down_proj.weight"},
     kRequired,
     kNone,
     "mlp.experts.down_proj"},
    {"final_norm", kText, {"norm.weight"}},
    {"lm_head", kTop, {"lm_head.weight"}, kUnlessTied},
};

constexpr NameRow kQwen2Names[] = {
    {"embed", kText, {"embed_tokens.weight"}},
    {"input_norm", kEveryLayer, {"input_layernorm.weight"}},
    {"attention.qkv",
     kEveryLayer,
     {"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"}},
    {"attention.qkv.bias",  // always there; no config key says so
     kEveryLayer,
     {"self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"}},
    {"attention.out", kEveryLayer, {"self_attn.o_proj.weight"}},
    {"mlp_norm", kEveryLayer, {"post_attention_layernorm.weight"}},
    {"mlp.gate_up", kEveryLayer, {"mlp.gate_proj.weight", "mlp.up_proj.weight"}},
    {"mlp.down", kEveryLayer, {"mlp.down_proj.weight"}},
    {"final_norm", kText, {"norm.weight"}},
    {"lm_head", kTop, {"lm_head.weight"}, kUnlessTied},
};

// ---- config

constexpr std::string_view kKeys[] = {
    "attention_bias",  // decided by which tensors there are
    "head_dim",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_types",
    "max_position_embeddings",
    "max_window_layers",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "partial_rotary_factor",
    "rms_norm_eps",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "sliding_window",
    "tie_word_embeddings",
    "use_sliding_window",
    "vocab_size",
};

constexpr std::string_view kExpertKeys[] = {
    "decoder_sparse_step", "mlp_only_layers",     "moe_intermediate_size", "norm_topk_prob",
    "num_experts",         "num_experts_per_tok", "num_local_experts",
};

enum class Variant : uint8_t { kQwen2, kQwen3, kQwen3Moe };

// New configs list the layers' types; old ones name the first windowed layer. The library's code
// for experts knows neither: there a window is all layers'.
Status read_windows(const json::Fields& text, Variant variant, Qwen3Config& c) {
  constexpr LayerType kAllowed[] = {LayerType::kFullAttention, LayerType::kSlidingAttention};
  GERBIL_TRY(const bool use_window, text.boolean_or("use_sliding_window", false));
  GERBIL_TRY(const int64_t count, read_layer_count(text));
  GERBIL_TRY(auto listed, read_layer_types(text, kAllowed));
  if (listed) {
    c.layers = *std::move(listed);
  } else {
    c.layers.assign(static_cast<size_t>(count), LayerType::kFullAttention);
    if (use_window) {
      // 28: what the library assumes.
      GERBIL_TRY(int64_t first, text.integer_or("max_window_layers", 28, {0, kMaxWidth}));
      if (variant == Variant::kQwen3Moe) first = 0;
      for (int64_t i = first; i < count; ++i)
        c.layers[static_cast<size_t>(i)] = LayerType::kSlidingAttention;
    }
  }
  if (std::count(c.layers.begin(), c.layers.end(), LayerType::kSlidingAttention) == 0) return {};
  if (!use_window)
    return text.expected("use_sliding_window", "true, because layer_types has sliding_attention");
  GERBIL_TRY(c.window, text.integer("sliding_window", {1, kMaxPositions}));
  return {};
}

// Which layers have experts, and the widths of both kinds.
Status read_sparse_layers(const json::Fields& text, Qwen3Config& c) {
  GERBIL_CHECK_OK(read_experts(text, c));
  GERBIL_TRY(c.experts.normalise, text.boolean_or("norm_topk_prob", false));
  GERBIL_TRY(const int64_t step, text.integer_or("decoder_sparse_step", 1, {1, kMaxWidth}));
  for (int64_t i = 0; i < c.layer_count(); ++i) c.sparse.push_back((i + 1) % step == 0);
  if (text.has("mlp_only_layers")) {
    GERBIL_TRY(const auto dense, text.integers("mlp_only_layers", {0, kMaxLayers - 1}));
    for (int64_t layer : dense)
      if (layer < c.layer_count()) c.sparse[static_cast<size_t>(layer)] = false;
  }
  if (std::count(c.sparse.begin(), c.sparse.end(), false) == 0) return {};
  GERBIL_TRY(c.intermediate, read_width(text, "intermediate_size"));
  return {};
}

Result<ModelConfigPtr> parse(const ConfigInput& input, Variant variant) {
  const json::Fields& text = input.root;
  std::vector<std::string_view> keys(std::begin(kKeys), std::end(kKeys));
  if (variant == Variant::kQwen3Moe)
    keys.insert(keys.end(), std::begin(kExpertKeys), std::end(kExpertKeys));
  GERBIL_CHECK_OK(check_keys(text, keys, input));
  auto c = std::make_shared<Qwen3Config>();
  c->qk_norm = variant != Variant::kQwen2;
  GERBIL_CHECK_OK(read_common(text, *c));
  GERBIL_CHECK_OK(read_windows(text, variant, *c));
  if (variant == Variant::kQwen3Moe) {
    GERBIL_CHECK_OK(read_sparse_layers(text, *c));
  } else {
    GERBIL_TRY(c->intermediate, read_width(text, "intermediate_size"));
  }
  GERBIL_TRY(c->heads, text.integer("num_attention_heads", {1, kMaxHeads}));
  GERBIL_TRY(c->kv_heads,
             read_divisor(text, "num_key_value_heads", c->heads, "num_attention_heads", c->heads));
  // Qwen3's library default is 128; the others cut the hidden size into heads.
  int64_t head_dim = 128;
  if (variant != Variant::kQwen3 && !text.has("head_dim")) {
    if (c->hidden % c->heads != 0)
      return text.expected("num_attention_heads",
                           fmt::format("a divisor of {} (hidden_size)", c->hidden));
    head_dim = c->hidden / c->heads;
  }
  GERBIL_TRY(c->head_dim, read_head_dim(text, head_dim));
  GERBIL_TRY(const RopeConfig rope, read_rope(text, c->head_dim, {}));
  c->rope = graph::make_rope(rope.rotary_dim, rope.theta);
  return ModelConfigPtr(std::move(c));
}

// ---- graph

// x: [rows, hidden], normed.
Value attention(Scope s, Value x, const Qwen3Config& c, int64_t layer) {
  const bool windowed = c.layers[static_cast<size_t>(layer)] == LayerType::kSlidingAttention;
  const int64_t window = windowed ? c.window : 0;
  const auto qkv = s.linear_split("qkv", x, {c.heads, c.kv_heads, c.kv_heads}, c.head_dim);
  Value q = qkv[0];
  Value k = qkv[1];
  if (c.qk_norm) {  // over head_dim, one weight for all heads
    q = s.rms_norm("q_norm", q, c.eps);
    k = s.rms_norm("k_norm", k, c.eps);
  }
  q = s.rope(q, c.rope);
  k = s.rope(k, c.rope);
  const auto state = s.kv_state(fmt::format("kv.layer{}", layer), c.kv_heads, c.head_dim, window);
  const float scale = 1 / std::sqrt(static_cast<float>(c.head_dim));
  const Value o = s.attend(q, k, qkv[2], {.state = state, .scale = scale, .window = window});
  return s.linear("out", s.merge_heads(o), c.hidden);
}

}  // namespace

Span<const NameRow> qwen2_names() { return kQwen2Names; }
Span<const NameRow> qwen3_names() { return kQwen3Names; }

Result<ModelConfigPtr> parse_qwen2_config(const ConfigInput& input) {
  return parse(input, Variant::kQwen2);
}
Result<ModelConfigPtr> parse_qwen3_config(const ConfigInput& input) {
  return parse(input, Variant::kQwen3);
}
Result<ModelConfigPtr> parse_qwen3_moe_config(const ConfigInput& input) {
  return parse(input, Variant::kQwen3Moe);
}

void build_qwen3_text(Scope root, const ModelConfig& config) {
  const auto& c = static_cast<const Qwen3Config&>(config);
  Value x = embed_tokens(root, c);
  for (int64_t i = 0; i < c.layer_count(); ++i) {
    const Scope s = root / fmt::format("layers.{}", i);
    x = s.add(x, attention(s / "attention", s.rms_norm("input_norm", x, c.eps), c, i));
    const Value normed = s.rms_norm("mlp_norm", x, c.eps);
    x = s.add(x, c.is_sparse(i) ? routed_experts(s / "mlp", normed, c.experts)
                                : swiglu(s / "mlp", normed, c.intermediate));
    root.tap(fmt::format("hidden.{}", i + 1), x);
  }
  predict(root, c, x);
}

}  // namespace gerbil::model
