// Qwen3 and Qwen2: pre-norm decoders with grouped-query attention and SwiGLU. Qwen3 norms queries
// and keys per head; Qwen2 has biases on q, k and v instead; Qwen3 MoE is Qwen3 with experts in
// some or all layers.
#pragma once

#include "model/family.h"

namespace gerbil::model {

struct Qwen3Config : ModelConfig {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  bool qk_norm = false;
  int64_t window = 0;  // of the layers of type kSlidingAttention, the position itself included
  graph::RopeSpec rope;
};

Span<const NameRow> qwen2_names();
Span<const NameRow> qwen3_names();
Result<ModelConfigPtr> parse_qwen2_config(const ConfigInput& input);
Result<ModelConfigPtr> parse_qwen3_config(const ConfigInput& input);
Result<ModelConfigPtr> parse_qwen3_moe_config(const ConfigInput& input);
void build_qwen3_text(graph::Scope root, const ModelConfig& config);

}  // namespace gerbil::model
