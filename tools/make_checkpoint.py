#!/usr/bin/python3
"""Makes a checkpoint folder of real shapes from a config.json alone: random weights, true names, a full tokenizer.

    tools/make_checkpoint.py CONFIG OUT [--layers N] [--shards N] [--dtype bf16|f16|f32] [--seed N]
                             [--tails NU] [--outliers SHARE] [--no-tokenizer]

CONFIG is a file, or the name of one in tools/configs ("qwen3-0.6b"). Every tensor is drawn from its own generator (seed
and name), so a tensor is the same whatever else is made. Matrices have deviation 1/sqrt(columns), so that activations
keep their size through the layers. --tails NU draws them from Student's t with NU degrees of freedom (scaled to the same
deviation, NU > 2) instead of a normal distribution; --outliers SHARE multiplies that share of every matrix's columns by 10.

The tokenizer is a byte-level BPE with as many words as the config's vocab_size and Qwen's special tokens; its words are
made up, so that loading and memory are those of the real one and the text means nothing.

Needs numpy (python3-numpy). Peak memory: the largest tensor in float32.
"""
import argparse
import hashlib
import json
import os
import struct
import sys

import numpy as np

import checkpoint_shapes
import made_up_tokenizer

DTYPES = {"bf16": "BF16", "f16": "F16", "f32": "F32"}
ITEM_BYTES = {"BF16": 2, "F16": 2, "F32": 4}
SLICE = 1 << 22  # numbers drawn and written at a time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Makes a checkpoint of real shapes with random weights.")
    parser.add_argument("config")
    parser.add_argument("out")
    parser.add_argument("--layers", type=int, help="of the text model, instead of the config's")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tails", type=float, default=0, metavar="NU")
    parser.add_argument("--outliers", type=float, default=0, metavar="SHARE")
    parser.add_argument("--no-tokenizer", action="store_true")
    options = parser.parse_args()
    if options.tails and options.tails <= 2:
        parser.error("--tails: expected more than 2 degrees of freedom")
    if not 0 <= options.outliers <= 1:
        parser.error("--outliers: expected a share from 0 to 1")
    if options.shards < 1:
        parser.error("--shards: expected at least 1")
    return options


def read_config(name, layers):
    path = name
    if not os.path.exists(path):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configs", name + ".json")
    with open(path) as file:
        config = json.load(file)
    text = config.get("text_config", config)
    if layers is not None:
        text["num_hidden_layers"] = layers
        if "layer_types" in text:
            text["layer_types"] = text["layer_types"][:layers]
    return config, text


class Values:
    """Random numbers of one tensor, in slices of whole rows."""

    def __init__(self, tensor, options):
        self.tensor, self.options = tensor, options
        digest = hashlib.sha256(f"{options.seed}:{tensor.name}".encode()).digest()
        self.generator = np.random.Generator(np.random.SFC64(int.from_bytes(digest[:8], "little")))
        self.columns = int(np.prod(tensor.shape[1:])) if len(tensor.shape) < 3 or tensor.kind != "matrix" else tensor.shape[-1]
        share = options.outliers if tensor.kind == "matrix" else 0
        self.gain = np.ones(self.columns, np.float32)
        self.gain[self.generator.permutation(self.columns)[: int(share * self.columns)]] = 10

    def slices(self):
        total = int(np.prod(self.tensor.shape))
        step = max(1, SLICE // self.columns) * self.columns
        for first in range(0, total, step):
            yield self.draw(min(step, total - first))

    def draw(self, count):
        kind, generator = self.tensor.kind, self.generator
        if kind == "a_log":
            return np.log(generator.uniform(1, 16, count)).astype(np.float32)
        if kind == "matrix" and self.options.tails:
            nu = self.options.tails
            drawn = generator.standard_t(nu, count).astype(np.float32) * np.float32(((nu - 2) / nu) ** 0.5)
        else:
            drawn = generator.standard_normal(count, dtype=np.float32)
        if kind == "matrix":
            drawn *= np.float32(self.columns**-0.5)
            return (drawn.reshape(-1, self.columns) * self.gain).reshape(-1)
        scale = {"norm": 0.1, "norm_from_zero": 0.1, "bias": 0.02, "conv": 0.3, "dt_bias": 1.0}[kind]
        return drawn * np.float32(scale) + np.float32(1 if kind == "norm" else 0)


def to_bytes(values, dtype):
    if dtype == "F32":
        return values.astype("<f4").tobytes()
    if dtype == "F16":
        return values.astype("<f2").tobytes()
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype("<u2").tobytes()


def write_shard(path, tensors, dtype, options, progress):
    """Widest items first, so that every tensor is aligned to its item."""
    tensors = sorted(tensors, key=lambda tensor: -ITEM_BYTES[tensor.dtype or dtype])
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for tensor in tensors:
        size = int(np.prod(tensor.shape)) * ITEM_BYTES[tensor.dtype or dtype]
        header[tensor.name] = {"dtype": tensor.dtype or dtype, "shape": list(tensor.shape),
                               "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors:
            for values in Values(tensor, options).slices():
                progress(file.write(to_bytes(values, tensor.dtype or dtype)))
    return offset


def write_processors(folder, vision):
    """As published checkpoints of Qwen3.5 have them."""
    common = {"patch_size": vision["patch_size"], "temporal_patch_size": vision["temporal_patch_size"],
              "merge_size": vision["spatial_merge_size"], "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    for name, least, most in (("preprocessor_config.json", 65536, 16777216),
                              ("video_preprocessor_config.json", 4096, 25165824)):
        with open(os.path.join(folder, name), "w") as file:
            json.dump({"size": {"shortest_edge": least, "longest_edge": most}, **common}, file, indent=2)


def main():
    options = parse_arguments()
    config, text = read_config(options.config, options.layers)
    dtype = DTYPES[options.dtype]
    tensors = list(checkpoint_shapes.tensors(config))
    sizes = [int(np.prod(t.shape)) * ITEM_BYTES[t.dtype or dtype] for t in tensors]
    total = sum(sizes)
    done = 0

    def progress(size):
        nonlocal done
        done += size
        if sys.stderr.isatty():
            print(f"\r{done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr)

    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
    names = ["model.safetensors"] if options.shards == 1 else [
        f"model.safetensors-{i + 1:05d}-of-{options.shards:05d}.safetensors" for i in range(options.shards)]
    shards, before = [[] for _ in names], 0
    for tensor, size in zip(tensors, sizes):
        shards[min(len(names) - 1, before * len(names) // max(1, total))].append(tensor)
        before += size
    for name, shard in zip(names, shards):
        write_shard(os.path.join(options.out, name), shard, dtype, options, progress)
    if options.shards > 1:
        index = {"metadata": {"total_size": total}, "weight_map": {t.name: n for n, s in zip(names, shards) for t in s}}
        with open(os.path.join(options.out, "model.safetensors.index.json"), "w") as file:
            json.dump(index, file, indent=2)
    if "vision_config" in config:
        write_processors(options.out, config["vision_config"])
    if not options.no_tokenizer:
        ends = [text[key] for key in ("bos_token_id", "eos_token_id") if isinstance(text.get(key), int)]
        made_up_tokenizer.write(options.out, text["vocab_size"], min(ends, default=None))
    end = "\n" if sys.stderr.isatty() else ""
    print(f"{end}{options.out}: {len(tensors)} tensors, {total / 1e6:.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
