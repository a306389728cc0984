// Which keys of a config are harmless, and which change the maths.
#include <algorithm>
#include <string>

#include "base/quote.h"
#include "model/config_reader.h"

namespace gerbil::model {
namespace {

// Settings of training, bookkeeping and of the Hugging Face library, which a forward pass never
// reads.
constexpr std::string_view kHarmless[] = {
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_name_or_path",
    "architectures",
    "attention_dropout",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout",
    "decoder_start_token_id",
    "dtype",
    "eos_token_id",
    "finetuning_task",
    "hidden_dropout",
    "id2label",
    "initializer_range",
    "is_decoder",
    "label2id",
    "model_type",
    "name_or_path",
    "output_attentions",
    "output_hidden_states",
    "output_router_logits",
    "pad_token_id",
    "prefix",
    "problem_type",
    "return_dict",
    "router_aux_loss_coef",
    "sep_token_id",
    "task_specific_params",
    "tie_encoder_decoder",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    "use_bfloat16",
    "use_cache",
};

// Keys of other models that change the forward pass. Tolerated only with a value that switches them
// off: null, false, an empty list or object, or the number that changes nothing.
struct RefusedKey {
  std::string_view key;
  std::optional<double> off{};
};
constexpr RefusedKey kRefused[] = {
    {"add_cross_attention"},
    {"attention_chunk_size"},
    {"attention_multiplier"},
    {"attn_logit_softcapping"},
    {"attn_output_gate"},
    {"clip_qkv"},
    {"dim_model_base"},
    {"dual_chunk_attention_config"},
    {"embedding_multiplier", 1},
    {"final_logit_softcapping"},
    {"hidden_size_per_layer_input", 0},
    {"is_encoder_decoder"},
    {"layer_norm_eps"},
    {"layer_norm_epsilon"},
    {"logit_scale", 1},
    {"logits_scaling", 1},
    {"mlp_bias"},
    {"mlp_only_layers"},
    {"moe_intermediate_size", 0},
    {"n_routed_experts", 0},
    {"no_rope_layer_interval", 0},
    {"no_rope_layers"},
    {"num_experts", 0},
    {"num_kv_shared_layers", 0},
    {"num_local_experts", 0},
    {"output_gate_type"},
    {"query_pre_attn_scalar"},
    {"residual_multiplier", 1},
    {"rope_local_base_freq"},
    {"scale_depth"},
    {"scale_emb", 1},
    {"shared_expert_intermediate_size", 0},
    {"sliding_window"},
    {"use_bidirectional_attention"},
    {"use_mrope"},
    {"use_parallel_residual"},
    {"use_sliding_window"},
};

constexpr std::string_view kQuantised[] = {"quantization_config", "quantization",
                                           "compression_config"};

template <size_t N>
bool contains(const std::string_view (&keys)[N], std::string_view key) {
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

bool switched_off(const json::Value& value, std::optional<double> off) {
  if (value.is_null()) return true;
  if (const bool* flag = value.boolean()) return !*flag;
  if (const json::Array* array = value.array()) return array->empty();
  if (const json::Object* object = value.object()) return object->size() == 0;
  return off && value.number() == off;
}

// "gptq", or what else tells the encoding.
std::string quantisation_method(const json::Value& value) {
  const json::Object* object = value.object();
  if (object == nullptr) return json::describe(value);
  for (std::string_view key : {"quant_method", "mode", "format"})
    if (const json::Value* method = object->find(key)) return json::describe(*method);
  return "an unnamed method";
}

}  // namespace

Status check_keys(const json::Fields& fields, Span<const std::string_view> read,
                  const ConfigInput& input) {
  for (const json::Member& member : fields.object().members()) {
    const std::string_view key = member.key;
    const json::Value& value = member.value;
    if (std::find(read.begin(), read.end(), key) != read.end() || contains(kHarmless, key))
      continue;
    if (contains(kQuantised, key)) {
      if (switched_off(value, std::nullopt)) continue;
      return unsupported("{}: {}: weights quantised by {} are not in this build", fields.file(),
                         in_quotes(fields.path(key)), quantisation_method(value));
    }
    const auto* refused = std::find_if(std::begin(kRefused), std::end(kRefused),
                                       [&](const RefusedKey& row) { return row.key == key; });
    if (refused != std::end(kRefused)) {
      if (switched_off(value, refused->off)) continue;
      return unsupported(
          "{}: {}: {} does not know this setting, which changes the result; found {}",
          fields.file(), in_quotes(fields.path(key)), input.architecture, json::describe(value));
    }
    if (input.log)
      input.log(fmt::format("{}: {} is not known to {} and is ignored", fields.file(),
                            in_quotes(fields.path(key)), input.architecture));
  }
  return {};
}

}  // namespace gerbil::model
