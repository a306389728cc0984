"""Which tensors a config.json stands for: their published names, shapes and kinds.

tensors(config) yields Tensor(name, shape, kind, dtype) in the order of the network. Kinds say what sane random values
are: "matrix" (a linear layer or table), "norm" (a gain around 1), "norm_from_zero" (a gain stored as w in 1 + w), "bias",
"conv", "a_log", "dt_bias".
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Tensor:
    name: str
    shape: tuple
    kind: str
    dtype: str = ""  # "": the checkpoint's


def tensors(config):
    architecture = config["architectures"][0]
    families = {"Qwen2ForCausalLM": qwen3, "Qwen3ForCausalLM": qwen3, "Qwen3MoeForCausalLM": qwen3,
                "Qwen3_5ForCausalLM": qwen3_5_text, "Qwen3_5MoeForCausalLM": qwen3_5_text,
                "Qwen3_5ForConditionalGeneration": qwen3_5, "Qwen3_5MoeForConditionalGeneration": qwen3_5}
    if architecture not in families:
        raise SystemExit(f"config.json: architectures: expected one of {', '.join(families)}, found {architecture}")
    return families[architecture](config)


def head_dim(c):
    return c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]


def mlp(prefix, hidden, inner):
    yield Tensor(prefix + "gate_proj.weight", (inner, hidden), "matrix")
    yield Tensor(prefix + "up_proj.weight", (inner, hidden), "matrix")
    yield Tensor(prefix + "down_proj.weight", (hidden, inner), "matrix")


def per_expert_mlps(prefix, c):
    hidden = c["hidden_size"]
    yield Tensor(prefix + "gate.weight", (c["num_experts"], hidden), "matrix")
    for expert in range(c["num_experts"]):
        yield from mlp(f"{prefix}experts.{expert}.", hidden, c["moe_intermediate_size"])


def fused_experts(prefix, c):
    hidden, inner, experts = c["hidden_size"], c["moe_intermediate_size"], c["num_experts"]
    yield Tensor(prefix + "gate.weight", (experts, hidden), "matrix")
    yield Tensor(prefix + "experts.gate_up_proj", (experts, 2 * inner, hidden), "matrix")
    yield Tensor(prefix + "experts.down_proj", (experts, hidden, inner), "matrix")
    yield from mlp(prefix + "shared_expert.", hidden, c["shared_expert_intermediate_size"])
    yield Tensor(prefix + "shared_expert_gate.weight", (1, hidden), "matrix")


def qwen3(c):
    """Qwen3, Qwen2 (biases, no q/k norms) and Qwen3-MoE."""
    hidden, dim = c["hidden_size"], head_dim(c)
    queries, keys = c["num_attention_heads"] * dim, c["num_key_value_heads"] * dim
    qwen2 = c["architectures"][0] == "Qwen2ForCausalLM"
    yield Tensor("model.embed_tokens.weight", (c["vocab_size"], hidden), "matrix")
    for layer in range(c["num_hidden_layers"]):
        p = f"model.layers.{layer}."
        yield Tensor(p + "input_layernorm.weight", (hidden,), "norm")
        for name, rows in (("q", queries), ("k", keys), ("v", keys)):
            yield Tensor(f"{p}self_attn.{name}_proj.weight", (rows, hidden), "matrix")
            if qwen2:
                yield Tensor(f"{p}self_attn.{name}_proj.bias", (rows,), "bias")
        yield Tensor(p + "self_attn.o_proj.weight", (hidden, queries), "matrix")
        if not qwen2:
            yield Tensor(p + "self_attn.q_norm.weight", (dim,), "norm")
            yield Tensor(p + "self_attn.k_norm.weight", (dim,), "norm")
        yield Tensor(p + "post_attention_layernorm.weight", (hidden,), "norm")
        sparse = c.get("num_experts", 0) and layer not in c.get("mlp_only_layers", []) and (
            (layer + 1) % c.get("decoder_sparse_step", 1) == 0)
        yield from (per_expert_mlps(p + "mlp.", c) if sparse else mlp(p + "mlp.", hidden, c["intermediate_size"]))
    yield Tensor("model.norm.weight", (hidden,), "norm")
    if not c.get("tie_word_embeddings"):
        yield Tensor("lm_head.weight", (c["vocab_size"], hidden), "matrix")


def gated_attention_layer(p, c):
    """A Qwen3.5 layer with full attention: also the one of the MTP head."""
    hidden, dim, heads = c["hidden_size"], head_dim(c), c["num_attention_heads"]
    keys = c["num_key_value_heads"] * dim
    yield Tensor(p + "self_attn.q_proj.weight", (2 * heads * dim, hidden), "matrix")
    yield Tensor(p + "self_attn.k_proj.weight", (keys, hidden), "matrix")
    yield Tensor(p + "self_attn.v_proj.weight", (keys, hidden), "matrix")
    yield Tensor(p + "self_attn.o_proj.weight", (hidden, heads * dim), "matrix")
    yield Tensor(p + "self_attn.q_norm.weight", (dim,), "norm_from_zero")
    yield Tensor(p + "self_attn.k_norm.weight", (dim,), "norm_from_zero")


def delta_layer(p, c):
    hidden = c["hidden_size"]
    key_dim = c["linear_num_key_heads"] * c["linear_key_head_dim"]
    heads, value_head = c["linear_num_value_heads"], c["linear_value_head_dim"]
    channels, p = 2 * key_dim + heads * value_head, p + "linear_attn."
    yield Tensor(p + "in_proj_qkv.weight", (channels, hidden), "matrix")
    yield Tensor(p + "in_proj_z.weight", (heads * value_head, hidden), "matrix")
    yield Tensor(p + "in_proj_b.weight", (heads, hidden), "matrix")
    yield Tensor(p + "in_proj_a.weight", (heads, hidden), "matrix")
    yield Tensor(p + "conv1d.weight", (channels, 1, c["linear_conv_kernel_dim"]), "conv")
    yield Tensor(p + "A_log", (heads,), "a_log", "F32")
    yield Tensor(p + "dt_bias", (heads,), "dt_bias")
    yield Tensor(p + "norm.weight", (value_head,), "norm", "F32")
    yield Tensor(p + "out_proj.weight", (hidden, heads * value_head), "matrix")


def qwen3_5_layer(p, c, full):
    hidden = c["hidden_size"]
    yield Tensor(p + "input_layernorm.weight", (hidden,), "norm_from_zero")
    yield from (gated_attention_layer if full else delta_layer)(p, c)
    yield Tensor(p + "post_attention_layernorm.weight", (hidden,), "norm_from_zero")
    yield from (fused_experts(p + "mlp.", c) if c.get("num_experts") else mlp(p + "mlp.", hidden, c["intermediate_size"]))


def qwen3_5_text(c, prefix="model."):
    hidden = c["hidden_size"]
    interval = c.get("full_attention_interval", 4)
    types = c.get("layer_types") or ["full_attention" if (i + 1) % interval == 0 else "linear_attention"
                                     for i in range(c["num_hidden_layers"])]
    yield Tensor(prefix + "embed_tokens.weight", (c["vocab_size"], hidden), "matrix")
    for layer in range(c["num_hidden_layers"]):
        yield from qwen3_5_layer(f"{prefix}layers.{layer}.", c, types[layer] == "full_attention")
    yield Tensor(prefix + "norm.weight", (hidden,), "norm_from_zero")
    if not c.get("tie_word_embeddings"):
        yield Tensor("lm_head.weight", (c["vocab_size"], hidden), "matrix")


def qwen3_5(config):
    text = config["text_config"]
    hidden = text["hidden_size"]
    yield from qwen3_5_text({**text, "tie_word_embeddings": config.get("tie_word_embeddings", text.get("tie_word_embeddings"))},
                            "model.language_model.")
    yield from qwen_vision(config["vision_config"])
    if text.get("mtp_num_hidden_layers"):
        yield Tensor("mtp.fc.weight", (hidden, 2 * hidden), "matrix")
        yield from qwen3_5_layer("mtp.layers.0.", text, True)
        for norm in ("norm", "pre_fc_norm_embedding", "pre_fc_norm_hidden"):
            yield Tensor(f"mtp.{norm}.weight", (hidden,), "norm_from_zero")


def with_bias(name, rows, columns):
    yield Tensor(name + ".weight", (rows, columns), "matrix")
    yield Tensor(name + ".bias", (rows,), "bias")


def layer_norm(name, size):
    yield Tensor(name + ".weight", (size,), "norm")
    yield Tensor(name + ".bias", (size,), "bias")


def qwen_vision(c, p="model.visual."):
    width, inner, patch = c["hidden_size"], c["intermediate_size"], c["patch_size"]
    merged = width * c["spatial_merge_size"] ** 2
    yield Tensor(p + "patch_embed.proj.weight",
                 (width, c.get("in_channels", 3), c["temporal_patch_size"], patch, patch), "matrix")
    yield Tensor(p + "patch_embed.proj.bias", (width,), "bias")
    yield Tensor(p + "pos_embed.weight", (c["num_position_embeddings"], width), "matrix")
    for block in range(c["depth"]):
        b = f"{p}blocks.{block}."
        yield from layer_norm(b + "norm1", width)
        yield from with_bias(b + "attn.qkv", 3 * width, width)
        yield from with_bias(b + "attn.proj", width, width)
        yield from layer_norm(b + "norm2", width)
        yield from with_bias(b + "mlp.linear_fc1", inner, width)
        yield from with_bias(b + "mlp.linear_fc2", width, inner)
    yield from layer_norm(p + "merger.norm", width)
    yield from with_bias(p + "merger.linear_fc1", merged, merged)
    yield from with_bias(p + "merger.linear_fc2", c["out_hidden_size"], merged)
