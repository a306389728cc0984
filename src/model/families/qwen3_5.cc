#include "model/families/qwen3_5.h"

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

// Norms are stored minus one (kAddOne), but for the one inside Gated DeltaNet.
constexpr NameRow kNames[] = {
    {"embed", kText, {"embed_tokens.weight"}},
    {"input_norm", kEveryLayer, {"input_layernorm.weight"}, kRequired, kAddOne},

    {"attention.qkv",  // q: per head the query, then its gate
     kAttentionLayers,
     {"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"}},
    {"attention.qkv.bias",  // no released model has it: attention_bias
     kAttentionLayers,
     {"self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"},
     kOptional},
    {"attention.q_norm", kAttentionLayers, {"self_attn.q_norm.weight"}, kRequired, kAddOne},
    {"attention.k_norm", kAttentionLayers, {"self_attn.k_norm.weight"}, kRequired, kAddOne},
    {"attention.out", kAttentionLayers, {"self_attn.o_proj.weight"}},
    {"attention.out.bias", kAttentionLayers, {"self_attn.o_proj.bias"}, kOptional},

    {"delta.in",
     kLinearAttentionLayers,
     {"linear_attn.in_proj_qkv.weight", "linear_attn.in_proj_z.weight",
      "linear_attn.in_proj_b.weight", "linear_attn.in_proj_a.weight"}},
    {"delta.conv", kLinearAttentionLayers, {"linear_attn.conv1d.weight"}},
    {"delta.a_log", kLinearAttentionLayers, {"linear_attn.A_log"}},
    {"delta.dt_bias", kLinearAttentionLayers, {"linear_attn.dt_bias"}},
    {"delta.norm", kLinearAttentionLayers, {"linear_attn.norm.weight"}},
    {"delta.out", kLinearAttentionLayers, {"linear_attn.out_proj.weight"}},

    {"mlp_norm", kEveryLayer, {"post_attention_layernorm.weight"}, kRequired, kAddOne},
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
    {"mlp.shared_expert.gate_up",
     kSparseLayers,
     {"mlp.shared_expert.gate_proj.weight", "mlp.shared_expert.up_proj.weight"}},
    {"mlp.shared_expert.down", kSparseLayers, {"mlp.shared_expert.down_proj.weight"}},
    {"mlp.shared_expert_gate", kSparseLayers, {"mlp.shared_expert_gate.weight"}},
    {"final_norm", kText, {"norm.weight"}, kRequired, kAddOne},
    {"lm_head", kTop, {"lm_head.weight"}, kUnlessTied},
};

// ---- config

constexpr std::string_view kMultimodalKeys[] = {
    "image_token_id",        "text_config",         "tie_word_embeddings", "video_token_id",
    "vision_config",         "vision_end_token_id",  // of pictures: read with the vision tower
    "vision_start_token_id",
};

constexpr std::string_view kTextKeys[] = {
    "attention_bias",  // decided by which tensors there are
    "attn_output_gate",
    "full_attention_interval",
    "head_dim",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_types",
    "linear_conv_kernel_dim",
    "linear_key_head_dim",
    "linear_num_key_heads",
    "linear_num_value_heads",
    "linear_value_head_dim",
    "mamba_ssm_dtype",  // the states are float32 always
    "max_position_embeddings",
    "mtp_num_hidden_layers",  // the MTP head is skipped by name
    "mtp_use_dedicated_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "output_gate_type",
    "partial_rotary_factor",
    "rms_norm_eps",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "tie_word_embeddings",
    "vocab_size",
};

// What a model with experts has beside these, and what it has instead of intermediate_size.
constexpr std::string_view kExpertKeys[] = {
    "decoder_sparse_step",   "mlp_only_layers",
    "moe_intermediate_size", "norm_topk_prob",
    "num_experts",           "num_experts_per_tok",
    "num_local_experts",     "shared_expert_intermediate_size",
};

// Gates that the graph has: on the attention's output, and silu in Gated DeltaNet.
Status check_gates(const json::Fields& text) {
  GERBIL_TRY(const bool output_gate, text.boolean_or("attn_output_gate", true));
  if (!output_gate) return text.expected("attn_output_gate", "true", ErrorCode::kUnsupported);
  GERBIL_TRY(const std::string type, text.string_or("output_gate_type", "swish"));
  if (type != "swish")
    return text.expected("output_gate_type", "\"swish\"", ErrorCode::kUnsupported);
  return {};
}

Status read_layers(const json::Fields& text, Qwen35Config& c) {
  constexpr LayerType kAllowed[] = {LayerType::kFullAttention, LayerType::kLinearAttention};
  GERBIL_TRY(auto listed, read_layer_types(text, kAllowed));
  if (listed) {
    c.layers = *std::move(listed);
    return {};
  }
  GERBIL_TRY(const int64_t count, read_layer_count(text));
  GERBIL_TRY(const int64_t interval,
             text.integer_or("full_attention_interval", 4, {1, kMaxLayers}));
  for (int64_t i = 0; i < count; ++i)
    c.layers.push_back((i + 1) % interval == 0 ? LayerType::kFullAttention
                                               : LayerType::kLinearAttention);
  return {};
}

// Every layer has experts, and the chosen ones' weights are always normalised.
Status read_sparse_layers(const json::Fields& text, Qwen35Config& c) {
  GERBIL_CHECK_OK(read_experts(text, c));
  GERBIL_TRY(c.shared_intermediate, read_width(text, "shared_expert_intermediate_size"));
  c.experts.normalise = true;
  c.sparse.assign(c.layers.size(), true);
  GERBIL_TRY(const bool normalise, text.boolean_or("norm_topk_prob", true));
  if (!normalise) return text.expected("norm_topk_prob", "true", ErrorCode::kUnsupported);
  GERBIL_TRY(const int64_t step, text.integer_or("decoder_sparse_step", 1));
  if (step != 1) return text.expected("decoder_sparse_step", "1", ErrorCode::kUnsupported);
  if (!text.has("mlp_only_layers")) return {};
  GERBIL_TRY(const auto dense, text.integers("mlp_only_layers"));
  if (!dense.empty())
    return text.expected("mlp_only_layers", "an empty list", ErrorCode::kUnsupported);
  return {};
}

Result<std::shared_ptr<Qwen35Config>> parse_text(const json::Fields& text, const ConfigInput& input,
                                                 bool sparse) {
  std::vector<std::string_view> keys(std::begin(kTextKeys), std::end(kTextKeys));
  if (sparse) keys.insert(keys.end(), std::begin(kExpertKeys), std::end(kExpertKeys));
  GERBIL_CHECK_OK(check_keys(text, keys, input));
  GERBIL_CHECK_OK(check_gates(text));
  auto c = std::make_shared<Qwen35Config>();
  c->position_axes = 3;
  GERBIL_CHECK_OK(read_common(text, *c));
  GERBIL_CHECK_OK(read_layers(text, *c));
  if (sparse) {
    GERBIL_CHECK_OK(read_sparse_layers(text, *c));
  } else {
    GERBIL_TRY(c->intermediate, read_width(text, "intermediate_size"));
  }

  GERBIL_TRY(c->heads, text.integer("num_attention_heads", {1, kMaxHeads}));
  GERBIL_TRY(c->kv_heads,
             read_divisor(text, "num_key_value_heads", c->heads, "num_attention_heads"));
  GERBIL_TRY(c->head_dim, read_head_dim(text, 256));
  const RopeRules rules{.partial_factor = 0.25, .mrope_section = {11, 11, 10}};
  GERBIL_TRY(const RopeConfig rope, read_rope(text, c->head_dim, rules));
  c->rope = graph::make_interleaved_mrope(rope.rotary_dim, rope.theta, rope.mrope_section[1],
                                          rope.mrope_section[2]);

  GERBIL_TRY(c->value_heads, text.integer("linear_num_value_heads", {1, kMaxHeads}));
  GERBIL_TRY(c->key_heads,
             read_divisor(text, "linear_num_key_heads", c->value_heads, "linear_num_value_heads"));
  GERBIL_TRY(c->key_head_dim, text.integer("linear_key_head_dim", {1, kMaxHeadDim}));
  GERBIL_TRY(c->value_head_dim, text.integer("linear_value_head_dim", {1, kMaxHeadDim}));
  GERBIL_TRY(c->conv_kernel, text.integer("linear_conv_kernel_dim", {1, kMaxConvKernel}));
  return c;
}

// ---- graph

// Softmax attention whose output is gated. x: [rows, hidden], normed.
Value gated_attention(Scope s, Value x, const Qwen35Config& c, int64_t layer) {
  const auto qkv = s.linear_split("qkv", x, {2 * c.heads, c.kv_heads, c.kv_heads}, c.head_dim);
  const Value q_gate = s.reshape(qkv[0], c.heads, 2 * c.head_dim);
  const Value gate = s.slice_dims(q_gate, c.head_dim, c.head_dim);  // [rows, heads, head_dim]
  Value q = s.slice_dims(q_gate, 0, c.head_dim);
  q = s.rope(s.rms_norm("q_norm", q, c.eps), c.rope);
  const Value k = s.rope(s.rms_norm("k_norm", qkv[1], c.eps), c.rope);
  const auto state = s.kv_state(fmt::format("kv.layer{}", layer), c.kv_heads, c.head_dim);
  const float scale = 1 / std::sqrt(static_cast<float>(c.head_dim));
  const Value o = s.attend(q, k, qkv[2], {.state = state, .scale = scale});
  return s.linear("out", s.merge_heads(s.mul(o, s.sigmoid(gate))), c.hidden);
}

// Gated DeltaNet (arXiv 2412.06464, in the form of Qwen3.5). x: [rows, hidden], normed.
Value delta_net(Scope s, Value x, const Qwen35Config& c, int64_t layer) {
  constexpr float kL2Eps = 1e-6F;  // a constant of the model, not rms_norm_eps
  const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
  const auto in =
      s.linear_parts("in", x, {c.conv_dim(), c.value_dim(), c.value_heads, c.value_heads});
  const auto conv_state = s.recurrent_state(fmt::format("conv_state.layer{}", layer),
                                            {size(c.conv_dim()), size(c.conv_kernel)});
  const Value u = s.silu(s.conv1d("conv", in[0], c.conv_kernel, conv_state));
  const Value z = s.reshape(in[1], c.value_heads, c.value_head_dim);

  const auto heads_of = [&](int64_t begin, int64_t heads, int64_t dim) {
    return s.reshape(s.slice_dims(u, begin, heads * dim), heads, dim);
  };
  const float q_scale = 1 / std::sqrt(static_cast<float>(c.key_head_dim));
  const Value q = s.l2_norm(heads_of(0, c.key_heads, c.key_head_dim), kL2Eps, q_scale);
  const Value k = s.l2_norm(heads_of(c.key_dim(), c.key_heads, c.key_head_dim), kL2Eps, 1);
  const Value v = heads_of(2 * c.key_dim(), c.value_heads, c.value_head_dim);

  const auto state =
      s.recurrent_state(fmt::format("recurrent_state.layer{}", layer),
                        {size(c.value_heads), size(c.key_head_dim), size(c.value_head_dim)});
  const Value o = s.delta_rule(q, k, v, s.delta_gate(in[3], in[2]), state);
  const Value normed = s.rms_norm("norm", o, c.eps);  // norm and weight come before the gate
  return s.linear("out", s.merge_heads(s.mul(normed, s.silu(z))), c.hidden);
}

// The chosen experts, and one that every token has, behind a gate of its own.
Value sparse_mlp(Scope s, Value x, const Qwen35Config& c) {
  const Value routed = routed_experts(s, x, c.experts);
  const Value shared = swiglu(s / "shared_expert", x, c.shared_intermediate);
  const Value gate = s.sigmoid(s.linear("shared_expert_gate", x, 1));  // [rows, 1]
  return s.add(routed, s.scale_rows(shared, gate));
}

Result<ModelConfigPtr> parse_text_only(const ConfigInput& input, bool sparse) {
  GERBIL_TRY(auto c, parse_text(input.root, input, sparse));
  return ModelConfigPtr(std::move(c));
}

Result<ModelConfigPtr> parse_multimodal(const ConfigInput& input, bool sparse) {
  const json::Fields& root = input.root;
  GERBIL_CHECK_OK(check_keys(root, kMultimodalKeys, input));
  GERBIL_TRY(const json::Fields text, root.object("text_config"));
  GERBIL_TRY(auto c, parse_text(text, input, sparse));
  GERBIL_TRY(c->image_token, read_token_id(root, "image_token_id", c->vocab));
  GERBIL_TRY(c->video_token, read_token_id(root, "video_token_id", c->vocab));
  GERBIL_TRY(const auto tied, root.optional_boolean("tie_word_embeddings"));
  if (!c->tied) c->tied = tied;  // the text's own setting counts, where it is written
  return ModelConfigPtr(std::move(c));
}

}  // namespace

Span<const NameRow> qwen3_5_names() { return kNames; }

Result<ModelConfigPtr> parse_qwen3_5_text_config(const ConfigInput& input) {
  return parse_text_only(input, false);
}
Result<ModelConfigPtr> parse_qwen3_5_config(const ConfigInput& input) {
  return parse_multimodal(input, false);
}
Result<ModelConfigPtr> parse_qwen3_5_moe_text_config(const ConfigInput& input) {
  return parse_text_only(input, true);
}
Result<ModelConfigPtr> parse_qwen3_5_moe_config(const ConfigInput& input) {
  return parse_multimodal(input, true);
}

void build_qwen3_5_text(Scope root, const ModelConfig& config) {
  const auto& c = static_cast<const Qwen35Config&>(config);
  Value x = embed_tokens(root, c);
  for (int64_t i = 0; i < c.layer_count(); ++i) {
    const Scope s = root / fmt::format("layers.{}", i);
    const Value normed = s.rms_norm("input_norm", x, c.eps);
    const bool full = c.layers[static_cast<size_t>(i)] == LayerType::kFullAttention;
    x = s.add(x, full ? gated_attention(s / "attention", normed, c, i)
                      : delta_net(s / "delta", normed, c, i));
    const Value mlp_in = s.rms_norm("mlp_norm", x, c.eps);
    x = s.add(x, c.is_sparse(i) ? sparse_mlp(s / "mlp", mlp_in, c)
                                : swiglu(s / "mlp", mlp_in, c.intermediate));
    root.tap(fmt::format("hidden.{}", i + 1), x);
  }
  predict(root, c, x);
}

}  // namespace gerbil::model
