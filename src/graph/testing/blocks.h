// Small decoders for the tests of this room, built as model families build theirs, and a WeightMap
// that needs no checkpoint. For tests only.
//
// Two calls are never arguments of a third: C++ leaves their order, and so the numbers of their
// values, to the compiler.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/capabilities.h"
#include "tensor/byte_source.h"

namespace gerbil::graph::testing {

// Bindings of roles to tensors of given shapes, none of which has bytes.
class FakeWeights {
 public:
  // Parts are named "stored.ROLE", "stored.ROLE.1", ...
  FakeWeights& add(const std::string& role, const std::vector<tensor::Shape>& parts) {
    WeightBinding& binding = map_[role];
    binding = {};
    for (const tensor::Shape& shape : parts) {
      const std::string number =
          binding.parts.empty() ? "" : "." + std::to_string(binding.parts.size());
      binding.parts.push_back({"stored." + role + number, {source_, 0, 0, {}, shape}});
    }
    return *this;
  }
  // A role whose tensor the checkpoint lacks.
  FakeWeights& add_absent(const std::string& role) {
    map_[role] = {{{"stored." + role, {}}}, LoadTransform::kNone, false};
    return *this;
  }

  const WeightMap& map() const { return map_; }

 private:
  std::shared_ptr<const tensor::ByteSource> source_ =
      std::make_shared<tensor::MemorySource>("fake.safetensors", std::vector<std::byte>{});
  WeightMap map_;
};

enum class Mixer : uint8_t {
  kAttention,       // Qwen3: q and k norms
  kWindow,          // the same with a window of 8
  kGatedAttention,  // Qwen3.5: gate beside each query head, part of the dims rotated
  kDeltaNet,        // Qwen3.5: Gated DeltaNet
  kExperts,         // Qwen3.5 MoE: experts and a gate for them all, in a mixer's place
};

inline constexpr float kEps = 1e-6F;
inline constexpr int64_t kHidden = 64;
inline constexpr int64_t kInner = 96;
inline constexpr int64_t kVocab = 100;
inline constexpr int64_t kHeads = 4;
inline constexpr int64_t kKvHeads = 2;
inline constexpr int64_t kHeadDim = 16;
inline constexpr int64_t kKeyHeads = 2;
inline constexpr int64_t kValueHeads = 4;
inline constexpr int64_t kKeyDim = 8;
inline constexpr int64_t kValueDim = 12;
inline constexpr int64_t kKernel = 4;
inline constexpr int64_t kExpertCount = 6;
inline constexpr int64_t kTopK = 2;
inline constexpr int64_t kExpertInner = 20;

inline void add_layer_weights(FakeWeights& weights, const std::string& layer, Mixer mixer) {
  const auto u = [](int64_t size) { return static_cast<uint64_t>(size); };
  const std::string mix = layer + ".mixer.";
  weights.add(layer + ".input_norm", {{u(kHidden)}}).add(layer + ".post_norm", {{u(kHidden)}});
  weights.add(layer + ".mlp.gate", {{u(kInner), u(kHidden)}});
  weights.add(layer + ".mlp.up", {{u(kInner), u(kHidden)}});
  weights.add(layer + ".mlp.down", {{u(kHidden), u(kInner)}});
  if (mixer == Mixer::kExperts) {
    weights.add(mix + "router", {{u(kExpertCount), u(kHidden)}});
    weights.add(mix + "experts.gate_up", {{u(kExpertCount), u(2 * kExpertInner), u(kHidden)}});
    weights.add(mix + "experts.down", {{u(kExpertCount), u(kHidden), u(kExpertInner)}});
    weights.add(mix + "gate", {{1, u(kHidden)}});
    return;
  }
  if (mixer == Mixer::kDeltaNet) {
    const int64_t keys = kKeyHeads * kKeyDim;
    const int64_t values = kValueHeads * kValueDim;
    weights.add(mix + "qkv", {{u(2 * keys + values), u(kHidden)}});
    weights.add(mix + "z", {{u(values), u(kHidden)}});
    weights.add(mix + "a", {{u(kValueHeads), u(kHidden)}});
    weights.add(mix + "b", {{u(kValueHeads), u(kHidden)}});
    weights.add(mix + "conv1d", {{u(2 * keys + values), 1, u(kKernel)}});
    weights.add(mix + "a_log", {{u(kValueHeads)}}).add(mix + "dt_bias", {{u(kValueHeads)}});
    weights.add(mix + "norm", {{u(kValueDim)}}).add(mix + "out", {{u(kHidden), u(values)}});
    return;
  }
  const tensor::Shape query{u(kHeads * kHeadDim), u(kHidden)};
  const tensor::Shape keys{u(kKvHeads * kHeadDim), u(kHidden)};
  if (mixer == Mixer::kGatedAttention)
    weights.add(mix + "q", {{u(2 * kHeads * kHeadDim), u(kHidden)}})
        .add(mix + "k", {keys})
        .add(mix + "v", {keys});
  else
    weights.add(mix + "qkv", {query, keys, keys});
  weights.add(mix + "q_norm", {{u(kHeadDim)}}).add(mix + "k_norm", {{u(kHeadDim)}});
  weights.add(mix + "out", {{u(kHidden), u(kHeads * kHeadDim)}});
}

inline Value attention(Scope s, Value x, const std::string& layer, int64_t window) {
  const auto qkv = s.linear_split("qkv", x, {kHeads, kKvHeads, kKvHeads}, kHeadDim);
  const RopeSpec spec = make_rope(kHeadDim, 10000);
  const Value q = s.rope(s.rms_norm("q_norm", qkv[0], kEps), spec);
  const Value k = s.rope(s.rms_norm("k_norm", qkv[1], kEps), spec);
  const StateId state = s.kv_state("kv." + layer, kKvHeads, kHeadDim, window);
  const Value o = s.attend(q, k, qkv[2], {.state = state, .scale = 0.25F, .window = window});
  return s.linear("out", s.merge_heads(o), kHidden);
}

inline Value gated_attention(Scope s, Value x, const std::string& layer) {
  const Value both =
      s.reshape(s.linear("q", x, 2 * kHeads * kHeadDim), kHeads, 2 * kHeadDim);  // query, then gate
  Value q = s.slice_dims(both, 0, kHeadDim);
  const Value gate = s.slice_dims(both, kHeadDim, kHeadDim);
  Value k = s.reshape(s.linear("k", x, kKvHeads * kHeadDim), kKvHeads, kHeadDim);
  const Value v = s.reshape(s.linear("v", x, kKvHeads * kHeadDim), kKvHeads, kHeadDim);
  const RopeSpec spec = make_interleaved_mrope(kHeadDim / 2, 10000, 1, 1);
  q = s.rope(s.rms_norm("q_norm", q, kEps), spec);
  k = s.rope(s.rms_norm("k_norm", k, kEps), spec);
  const StateId state = s.kv_state("kv." + layer, kKvHeads, kHeadDim);
  const Value o = s.attend(q, k, v, {.state = state, .scale = 0.25F});
  return s.linear("out", s.merge_heads(s.mul(o, s.sigmoid(gate))), kHidden);
}

inline Value delta_net(Scope s, Value x, const std::string& layer) {
  const int64_t keys = kKeyHeads * kKeyDim;
  const int64_t values = kValueHeads * kValueDim;
  const auto channels = static_cast<uint64_t>(2 * keys + values);
  const StateId conv = s.recurrent_state("conv." + layer, {channels, kKernel});
  const StateId state = s.recurrent_state("delta." + layer, {kValueHeads, kKeyDim, kValueDim});
  const Value u = s.linear("qkv", x, 2 * keys + values);
  const Value c = s.silu(s.conv1d("conv1d", u, kKernel, conv));
  const Value q = s.l2_norm(s.reshape(s.slice_dims(c, 0, keys), kKeyHeads, kKeyDim), kEps, 0.5F);
  const Value k = s.l2_norm(s.reshape(s.slice_dims(c, keys, keys), kKeyHeads, kKeyDim), kEps, 1);
  const Value v = s.reshape(s.slice_dims(c, 2 * keys, values), kValueHeads, kValueDim);
  const Value a = s.linear("a", x, kValueHeads);
  const Value b = s.linear("b", x, kValueHeads);
  const Scope::Gate gate = s.delta_gate(a, b);
  const Value o = s.delta_rule(q, k, v, gate, state);
  const Value z = s.reshape(s.linear("z", x, values), kValueHeads, kValueDim);
  const Value normed = s.rms_norm("norm", o, kEps);
  const Value y = s.mul(normed, s.silu(z));
  return s.linear("out", s.merge_heads(y), kHidden);
}

inline Value experts(Scope s, Value x) {
  const Value logits = s.linear("router", x, kExpertCount);
  const Scope::Choice choice = s.route(logits, kTopK, true);
  const Value y = s.experts("experts", x, choice, kExpertCount, kExpertInner);
  const Value gate = s.linear("gate", x, 1);
  return s.scale_rows(y, s.sigmoid(gate));
}

inline Value mix(Scope s, Value x, const std::string& layer, Mixer mixer) {
  switch (mixer) {
    case Mixer::kAttention:
      return attention(s, x, layer, 0);
    case Mixer::kWindow:
      return attention(s, x, layer, 8);
    case Mixer::kGatedAttention:
      return gated_attention(s, x, layer);
    case Mixer::kDeltaNet:
      return delta_net(s, x, layer);
    case Mixer::kExperts:
      return experts(s, x);
  }
  return {};
}

inline Value decoder_layer(Scope s, Value x, const std::string& name, Mixer mixer) {
  const Value mixed = mix(s / "mixer", s.rms_norm("input_norm", x, kEps), name, mixer);
  x = s.add(x, mixed);
  const Scope mlp = s / "mlp";
  const Value y = s.rms_norm("post_norm", x, kEps);
  const Value gate = mlp.silu(mlp.linear("gate", y, kInner));
  const Value up = mlp.linear("up", y, kInner);
  const Value gated = mlp.mul(gate, up);
  return s.add(x, mlp.linear("down", gated, kHidden));
}

// Embedding, layers, final norm, tied head; taps "logits", and with `hidden` "hidden.I" and
// "hidden.final".
inline Result<Graph> decoder(const std::vector<Mixer>& mixers, bool hidden = false) {
  FakeWeights weights;
  weights.add("embed", {{kVocab, kHidden}}).add("norm", {{kHidden}});
  for (size_t i = 0; i < mixers.size(); ++i)
    add_layer_weights(weights, "layers." + std::to_string(i), mixers[i]);
  Builder builder(weights.map());
  const Scope s = builder.root();
  Value x = s.embed("embed", kVocab, kHidden);
  for (size_t i = 0; i < mixers.size(); ++i) {
    const std::string number = std::to_string(i);
    if (hidden) s.tap("hidden." + number, x);
    x = decoder_layer(s / "layers" / number, x, number, mixers[i]);
  }
  const Value final = s.rms_norm("norm", x, kEps);
  if (hidden) s.tap("hidden.final", final);
  const Value logits = s.linear("embed", s.gather_wanted(final), kVocab);
  s.tap("logits", logits);
  s.sample(logits);
  return builder.finish();
}

inline Capabilities everything() {
  Capabilities all;
  all.ops.set();
  return all;
}

}  // namespace gerbil::graph::testing
