#!/usr/bin/env python3
"""Make the tiny random Qwen3 MoE checkpoints of tests/data and their reference outputs with transformers.

    tools/make_moe_cases.py OUT    # torch and transformers 5.17; a minute on a CPU

Writes OUT/models/NAME/ and OUT/refs/NAME.safetensors as tests/data/README.md describes them. Weights are drawn
once and rounded to BF16; the references are float32, eager attention, on what was saved and loaded again. A prompt
is drawn anew until its greedy margins are at least 0.02 and the router's last chosen expert is at least 0.001 (in
logits) ahead of the next one: rounding must not choose.
"""
import json
import math
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

COMMON = dict(vocab_size=160, hidden_size=64, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
              max_position_embeddings=4096, rope_theta=1000000.0, rms_norm_eps=1e-6,
              bos_token_id=1, eos_token_id=2, pad_token_id=0)
MODELS = {
    # As the released ones are: every layer sparse, the chosen probabilities normalised.
    "qwen3_moe-tiny": dict(num_hidden_layers=2, intermediate_size=96, num_experts=8, num_experts_per_tok=3,
                           moe_intermediate_size=24, norm_topk_prob=True, tie_word_embeddings=True),
    # Everything else that the config can say: of layers 0 to 3 only 1 is sparse, the probabilities are taken as they
    # are, all layers have a window.
    "qwen3_moe-mixed-tiny": dict(num_hidden_layers=4, intermediate_size=48, num_experts=6, num_experts_per_tok=2,
                                 moe_intermediate_size=20, norm_topk_prob=False, decoder_sparse_step=2,
                                 mlp_only_layers=[3], tie_word_embeddings=False, use_sliding_window=True,
                                 sliding_window=16),
}
PROMPTS = [7, 33, 70]
HIDDEN_STATES_OF = 1  # the prompt whose layers' outputs are kept
GREEDY = 24


def randomise(model, name):
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))

    def normal(shape):
        return torch.randn(tuple(shape), generator=generator)

    for key, parameter in model.named_parameters():
        if "norm" in key:
            value = 1 + 0.3 * normal(parameter.shape)
            if key == "model.norm.weight":
                value = value * 5
        elif "embed_tokens" in key:
            value = 0.12 * normal(parameter.shape)
        else:
            value = normal(parameter.shape) / math.sqrt(parameter.shape[-1])
            if key.endswith("mlp.gate.weight"):
                value = value * 4  # routers that decide
        parameter.data = value.to(torch.bfloat16)
    model.tie_weights()
    model.config.dtype = torch.bfloat16


def router_gap(model, hidden):
    """The smallest lead of a chosen expert's logit over the best one that is not chosen."""
    gaps = []
    for gate, x in hidden:
        logits = (x.reshape(-1, x.shape[-1]) @ gate.weight.T).sort(dim=-1, descending=True).values
        k = model.config.num_experts_per_tok
        gaps.append((logits[:, k - 1] - logits[:, k]).min().item())
    return min(gaps)


def run(model, ids):
    """Logits and hidden states of a prompt, the greedy continuation, and the gaps of all decisions."""
    hidden, routed, hooks = {}, [], []

    def keep(key):
        def hook(module, arguments, out):  # returns nothing: that would be the new output
            hidden.setdefault(key, (out[0] if isinstance(out, tuple) else out)[0])
        return hook

    hooks.append(model.model.embed_tokens.register_forward_hook(keep("hs.embed")))
    for i, layer in enumerate(model.model.layers):
        hooks.append(layer.register_forward_hook(keep(f"hs.layer{i}")))
        if hasattr(layer.mlp, "gate"):
            hooks.append(layer.mlp.gate.register_forward_pre_hook(lambda module, a: routed.append((module, a[0]))))
    hooks.append(model.model.norm.register_forward_hook(keep("hs.final_norm")))
    greedy, margins = [], []
    with torch.no_grad():
        out = model(input_ids=ids[None], use_cache=True)
        logits = out.logits[0]
        step = out
        for _ in range(GREEDY):
            best = step.logits[0, -1].topk(2)
            greedy.append(best.indices[0].item())
            margins.append((best.values[0] - best.values[1]).item())
            step = model(input_ids=torch.tensor([[greedy[-1]]]), past_key_values=step.past_key_values, use_cache=True)
        gap = router_gap(model, routed)
    for hook in hooks:
        hook.remove()
    return logits, hidden, greedy, margins, gap


def make(name, options, out):
    torch.manual_seed(0)
    model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**COMMON, **options))
    randomise(model, name)
    folder = out / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    print(name, json.dumps(config))
    model, info = Qwen3MoeForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                                      output_loading_info=True)
    print({key: value for key, value in info.items() if value}, getattr(model.config, "_experts_implementation", None))
    model.eval()
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")
    refs = {}
    for number, length in enumerate(PROMPTS):
        for attempt in range(200):
            rng = np.random.default_rng(zlib.crc32(f"{name}:{number}:{attempt}".encode()))
            ids = torch.from_numpy(rng.integers(3, 150, size=length))
            logits, hidden, greedy, margins, gap = run(model, ids)
            if min(margins) >= 0.02 and gap >= 0.001 and len(set(greedy)) >= 6:
                break
        else:
            sys.exit(f"{name}: no prompt of {length} tokens has the margins")
        print(f"{name} p{number}: attempt {attempt}, margin {min(margins):.4f}, router gap {gap:.5f}, "
              f"std {logits.std():.2f}, largest {logits.abs().max():.2f}, distinct {len(set(greedy))}")
        case = {"input_ids": ids, "logits": logits, "greedy_ids": torch.tensor(greedy),
                "greedy_margin": torch.tensor(margins)}
        if number == HIDDEN_STATES_OF:
            case.update(hidden)
        refs.update({f"p{number}.{key}": value.contiguous() for key, value in case.items()})
    (out / "refs").mkdir(parents=True, exist_ok=True)
    save_file(refs, out / "refs" / f"{name}.safetensors")


def main(argv):
    if len(argv) != 1:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    for name, options in MODELS.items():
        make(name, options, Path(argv[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
