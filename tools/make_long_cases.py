#!/usr/bin/env python3
"""Make tests/data/long and tests/data/models/qwen3-window-tiny: float64 references of long prompts and of a window.

    tools/make_long_cases.py REFERENCE [--check]

REFERENCE is the folder of the numpy reference (qwen.py), whose model code computes everything here in float64.
Reads the checkpoints in tests/data/models (tools/make_test_data.py) and needs numpy. --check computes each prompt in
float32 too and prints how far that is from float64: the noise that a right float32 engine may show.
tests/data/README.md describes the files.
"""
import json
import shutil
import sys
from pathlib import Path

import numpy as np

import safetensors_file

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
LONG = 3000
CHUNK = 500                     # rows of one forward pass: bounds the memory of the attention scores
GREEDY = 24
SMALLEST_MARGIN = 0.02          # between best and second logit of every greedy step: float32 noise must not decide
FIRST_ID, LAST_ID = 3, 299      # ids outside are special in some checkpoint
LONG_MODELS = ["qwen2-tiny", "qwen3-tiny", "qwen3-tiny-untied", "qwen3-tiny-sharded", "qwen3_5-tiny",
               "qwen3_5-text-tiny"]
WINDOW_MODEL = "qwen3-window-tiny"
WINDOW_LENGTHS = [15, 16, 17, 48, 140]


def make_window_model():
    """qwen3-tiny's weights with a window of 16 in all layers but the first, as new and as old configs say it."""
    source, target = DATA / "models" / "qwen3-tiny", DATA / "models" / WINDOW_MODEL
    target.mkdir(parents=True, exist_ok=True)
    for name in ("model.safetensors", "generation_config.json"):
        shutil.copyfile(source / name, target / name)
    config = json.loads((source / "config.json").read_text())
    config.update(use_sliding_window=True, sliding_window=16, max_window_layers=1)
    layers = config["num_hidden_layers"]
    config["layer_types"] = ["full_attention" if i < 1 else "sliding_attention" for i in range(layers)]
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    rope = config.pop("rope_parameters")
    config.pop("layer_types")
    config.update(rope_theta=rope["rope_theta"], rope_scaling=None, torch_dtype=config.pop("dtype"),
                  transformers_version="4.51.0")
    (target / "config.old.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def prefill(qwen, model, ids):
    """-> (outputs of all rows, caches): token by token through the delta rule, CHUNK rows at a time."""
    caches, parts = model.new_caches(), []
    for begin in range(0, len(ids), CHUNK):
        piece = ids[begin:begin + CHUNK]
        positions = np.tile(np.arange(begin, begin + len(piece)), (3, 1))
        parts.append(model.forward(model.embed(piece), positions, caches, qwen.recurrent_delta_rule))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, caches


def states(caches):
    out = {}
    for i, cache in enumerate(caches):
        if "recurrent" in cache:
            out[f"conv_state.layer{i}"] = cache["conv"].T                     # [channels, kernel]
            out[f"recurrent_state.layer{i}"] = cache["recurrent"]             # [value heads, key dim, value dim]
    return out


def greedy(qwen, model, logits, caches, position):
    ids, margins = [], []
    while True:
        second, best = np.sort(logits)[-2:]
        ids.append(int(logits.argmax()))
        margins.append(best - second)
        if len(ids) == GREEDY:
            return ids, margins
        step = model.forward(model.embed_tokens[ids[-1:]], np.full((3, 1), position), caches,
                             qwen.recurrent_delta_rule)
        logits, position = step["logits"][-1], position + 1


def make_case(qwen, model, length, seed):
    """Draws prompts from the seed until no greedy step is nearly a tie."""
    for attempt in range(100):
        ids = np.random.default_rng([seed, length, attempt]).integers(FIRST_ID, LAST_ID + 1, length)
        out, caches = prefill(qwen, model, ids)
        after_prompt = states(caches)
        greedy_ids, margins = greedy(qwen, model, out["logits"][-1], caches, length)
        if min(margins) >= SMALLEST_MARGIN and max(greedy_ids) <= LAST_ID and min(greedy_ids) >= FIRST_ID:
            return ids, out, after_prompt, greedy_ids, margins, attempt
    sys.exit(f"no prompt of {length} tokens with a margin of {SMALLEST_MARGIN} in 100 attempts")


def as_tensors(key, length, case):
    """A short case like the fixtures' (all rows, every layer); a long one at chosen positions."""
    ids, out, after_prompt, greedy_ids, margins, _ = case
    rows = np.arange(length)
    tensors = {"input_ids": ids, "greedy_ids": np.array(greedy_ids)}
    values = {"greedy_margin": np.array(margins), "logits": out["logits"]}
    values.update({name: value for name, value in out.items() if name.startswith("hs.")})
    if length == LONG:
        rows = np.unique(np.concatenate([np.arange(0, LONG, 100), np.arange(LONG - 64, LONG)]))
        tensors["positions"] = rows
        values = {"greedy_margin": values["greedy_margin"], "logits": out["logits"][rows],
                  "hs.final_norm": out["hs.final_norm"][rows]}
    values.update(after_prompt)
    tensors = {name: value.astype(np.int64) for name, value in tensors.items()}
    tensors.update({name: np.ascontiguousarray(value, np.float32) for name, value in values.items()})
    return {f"{key}.{name}": safetensors_file.from_array(value) for name, value in tensors.items()}


def report(qwen, folder, key, case, check):
    ids, out, after_prompt, _, margins, attempt = case
    largest = np.abs(out["logits"]).max()
    line = f"{folder.name} {key}: attempt {attempt}, margin {min(margins):.3f}, max |logit| {largest:.1f}"
    if check:
        qwen.FLOAT = np.float32
        other, caches = prefill(qwen, qwen.Model(str(folder)), ids)
        qwen.FLOAT = np.float64
        line += f", float32: logits {np.abs(other['logits'] - out['logits']).max() / largest:.1e}"
        single = states(caches)
        worst = [np.abs(single[name] - value).max() / np.abs(value).max() for name, value in after_prompt.items()]
        line += f", states {max(worst):.1e}" if worst else ""
    print(line, flush=True)


def main(argv):
    folders = [argument for argument in argv if not argument.startswith("--")]
    if len(folders) != 1:
        sys.exit(__doc__)
    sys.path.insert(0, folders[0])
    sys.dont_write_bytecode = True
    import qwen
    qwen.FLOAT = np.float64
    make_window_model()
    (DATA / "long").mkdir(parents=True, exist_ok=True)
    cases = [(name, {"long": LONG}) for name in LONG_MODELS]
    cases.append((WINDOW_MODEL, {f"p{i}": n for i, n in enumerate(WINDOW_LENGTHS)} | {"long": LONG}))
    for seed, (name, lengths) in enumerate(cases):
        folder, tensors = DATA / "models" / name, {}
        model = qwen.Model(str(folder))
        for key, length in lengths.items():
            case = make_case(qwen, model, length, seed)
            report(qwen, folder, key, case, "--check" in argv)
            tensors.update(as_tensors(key, length, case))
        safetensors_file.write(DATA / "long" / f"{name}.safetensors", tensors)


if __name__ == "__main__":
    main(sys.argv[1:])
