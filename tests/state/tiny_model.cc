#include "state/tiny_model.h"

#include <cmath>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::testing {
namespace {

// So few dimensions can all be near zero at once, and a norm of them would make large what rounding
// left there. Embeddings larger than what the layers add, and an epsilon of 1e-3, keep two orders
// of the same sums within 1e-5 of each other.
constexpr float kEmbedding = 3;
constexpr uint64_t kHidden = 16;
constexpr uint64_t kIntermediate = 16;
constexpr uint64_t kHeads = 2;
constexpr uint64_t kHeadDim = 8;
// Gated DeltaNet
constexpr uint64_t kKeyHeads = 1;
constexpr uint64_t kValueHeads = 2;
constexpr uint64_t kKeyDim = 16;
constexpr uint64_t kValueDim = 8;
constexpr uint64_t kConvKernel = 4;

class Tensors {
 public:
  explicit Tensors(uint32_t seed) : random_(seed) {}

  // Uniform around `middle`, drawn without a distribution of the library: the same everywhere.
  void add(const std::string& name, const tensor::Shape& shape, float spread, float middle = 0) {
    const uint64_t count = *shape.elements();
    std::vector<float> values(count);
    for (float& value : values) {
      const float unit = static_cast<float>(random_() >> 8) / float{1 << 24};
      value = middle + spread * (2 * unit - 1);
    }
    std::vector<std::byte> bytes(count * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    checkpoint_.tensors[name] = {
        .source = std::make_shared<tensor::MemorySource>("tiny model", std::move(bytes)),
        .offset_bytes = 0,
        .size_bytes = count * sizeof(float),
        .dtype = tensor::DType::kF32,
        .shape = shape};
  }
  // [out, in], with a gain that keeps what goes through it alive.
  void matrix(const std::string& name, uint64_t out, uint64_t in) {
    add(name, {out, in}, 2 / std::sqrt(static_cast<float>(in)));
  }

  const format::Checkpoint& checkpoint() const { return checkpoint_; }

 private:
  std::mt19937 random_;
  format::Checkpoint checkpoint_;
};

// What both families have. `one` is the middle of a norm's weight as it is stored.
void add_shared(Tensors& t, int layers, float one) {
  t.add("model.embed_tokens.weight", {kTinyVocab, kHidden}, kEmbedding);
  t.add("model.norm.weight", {kHidden}, 0.3F, one);
  t.matrix("lm_head.weight", kTinyVocab, kHidden);
  for (int i = 0; i < layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i);
    t.add(layer + ".input_layernorm.weight", {kHidden}, 0.3F, one);
    t.add(layer + ".post_attention_layernorm.weight", {kHidden}, 0.3F, one);
    t.matrix(layer + ".mlp.gate_proj.weight", kIntermediate, kHidden);
    t.matrix(layer + ".mlp.up_proj.weight", kIntermediate, kHidden);
    t.matrix(layer + ".mlp.down_proj.weight", kHidden, kIntermediate);
  }
}

void add_attention(Tensors& t, const std::string& layer, uint64_t query_parts, float one) {
  const std::string name = layer + ".self_attn.";
  t.matrix(name + "q_proj.weight", query_parts * kHeads * kHeadDim, kHidden);
  t.matrix(name + "k_proj.weight", kHeadDim, kHidden);
  t.matrix(name + "v_proj.weight", kHeadDim, kHidden);
  t.matrix(name + "o_proj.weight", kHidden, kHeads * kHeadDim);
  t.add(name + "q_norm.weight", {kHeadDim}, 0.3F, one);
  t.add(name + "k_norm.weight", {kHeadDim}, 0.3F, one);
}

void add_delta_net(Tensors& t, const std::string& layer) {
  constexpr uint64_t kConvDim = 2 * kKeyHeads * kKeyDim + kValueHeads * kValueDim;
  const std::string name = layer + ".linear_attn.";
  t.matrix(name + "in_proj_qkv.weight", kConvDim, kHidden);
  t.matrix(name + "in_proj_z.weight", kValueHeads * kValueDim, kHidden);
  t.matrix(name + "in_proj_b.weight", kValueHeads, kHidden);
  t.matrix(name + "in_proj_a.weight", kValueHeads, kHidden);
  t.add(name + "conv1d.weight", {kConvDim, 1, kConvKernel}, 1);
  t.add(name + "A_log", {kValueHeads}, 0.5F, -3);  // a memory of tens of tokens
  t.add(name + "dt_bias", {kValueHeads}, 0.5F);
  t.add(name + "norm.weight", {kValueDim}, 0.3F, 1);
  t.matrix(name + "out_proj.weight", kHidden, kValueHeads * kValueDim);
}

std::string shared_config() {
  return fmt::format(
      R"("rms_norm_eps": 0.001, "head_dim": {}, "hidden_act": "silu", "hidden_size": {},
      "intermediate_size": {}, "max_position_embeddings": {}, "num_attention_heads": {},
      "num_key_value_heads": 1, "tie_word_embeddings": false, "vocab_size": {})",
      kHeadDim, kHidden, kIntermediate, kTinyContext, kHeads, kTinyVocab);
}

model::Model load(const std::string& config, const Tensors& tensors) {
  auto model = model::load_model(config, "config.json", tensors.checkpoint());
  if (!model) throw std::runtime_error(model.error().message);
  return *std::move(model);
}

model::Model make_qwen3(uint32_t seed, const std::string& windows) {
  Tensors t(seed);
  add_shared(t, 3, 1);
  for (int i = 0; i < 3; ++i) add_attention(t, "model.layers." + std::to_string(i), 1, 1);
  return load(fmt::format(R"({{"architectures": ["Qwen3ForCausalLM"], "num_hidden_layers": 3,
      "rope_theta": 10000.0, {}, {}}})",
                          windows, shared_config()),
              t);
}

}  // namespace

model::Model tiny_hybrid(uint32_t seed) {
  Tensors t(seed);
  add_shared(t, 4, 0);
  for (int i = 0; i < 3; ++i) add_delta_net(t, "model.layers." + std::to_string(i));
  add_attention(t, "model.layers.3", 2, 0);
  return load(fmt::format(R"({{"architectures": ["Qwen3_5ForCausalLM"], "num_hidden_layers": 4,
      "full_attention_interval": 4, "linear_conv_kernel_dim": {}, "linear_key_head_dim": {},
      "linear_num_key_heads": {}, "linear_num_value_heads": {}, "linear_value_head_dim": {},
      "rope_parameters": {{"rope_theta": 10000.0, "partial_rotary_factor": 0.75,
      "mrope_section": [1, 1, 1]}}, {}}})",
                          kConvKernel, kKeyDim, kKeyHeads, kValueHeads, kValueDim, shared_config()),
              t);
}

model::Model tiny_windowed(uint32_t seed, int64_t window) {
  return make_qwen3(seed, fmt::format(R"("use_sliding_window": true, "sliding_window": {},
      "layer_types": ["sliding_attention", "full_attention", "sliding_attention"])",
                                      window));
}

model::Model tiny_full(uint32_t seed) { return make_qwen3(seed, R"("use_sliding_window": false)"); }

}  // namespace gerbil::testing
