// Qwen3.5, text: most layers mix tokens by Gated DeltaNet (a causal convolution and the
// gated delta rule: states, no KV cache), every fourth by gated attention with partial rotary
// positions. Served alone (Qwen3_5ForCausalLM) and as the text part of the multimodal model. The
// MoE models have in every layer experts, of which one is shared by all tokens, instead of a dense
// feed-forward network.
#pragma once

#include "model/family.h"

namespace gerbil::model {

struct Qwen35Config : ModelConfig {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  graph::RopeSpec rope;
  // Gated DeltaNet
  int64_t key_heads = 0;
  int64_t value_heads = 0;
  int64_t key_head_dim = 0;
  int64_t value_head_dim = 0;
  int64_t conv_kernel = 0;
  int64_t shared_intermediate = 0;  // width of the shared expert

  int64_t key_dim() const { return key_heads * key_head_dim; }
  int64_t value_dim() const { return value_heads * value_head_dim; }
  int64_t conv_dim() const { return 2 * key_dim() + value_dim(); }
};

Span<const NameRow> qwen3_5_names();
Result<ModelConfigPtr> parse_qwen3_5_config(const ConfigInput& input);       // with text_config
Result<ModelConfigPtr> parse_qwen3_5_text_config(const ConfigInput& input);  // text at top level
Result<ModelConfigPtr> parse_qwen3_5_moe_config(const ConfigInput& input);
Result<ModelConfigPtr> parse_qwen3_5_moe_text_config(const ConfigInput& input);
void build_qwen3_5_text(graph::Scope root, const ModelConfig& config);

}  // namespace gerbil::model
