#!/usr/bin/env python3
"""Copy test checkpoints into tests/data and prune their reference outputs to what the tests compare.

    tools/make_test_data.py FIXTURES NANO

FIXTURES holds one folder a tiny checkpoint (config.json, model.safetensors, refs.safetensors, made with transformers),
NANO the trained nano models and their reference cases (refs/vl, refs/qwen3). tests/data/README.md describes the result.
Needs only the standard library.
"""
import json
import re
import shutil
import sys
import tarfile
from pathlib import Path

import safetensors_file

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
TINY = ["qwen2-tiny", "qwen3-tiny", "qwen3-tiny-untied", "qwen3-tiny-sharded", "qwen3_5-tiny", "qwen3_5-text-tiny",
        "qwen3_5_moe-tiny"]
# Tensors of checkpoints and references that others have too: qwen3_5-tiny has a whole vision tower, and states.
DROPPED = {"qwen3_5_moe-tiny": re.compile(r"model\.visual\.(?!blocks\.0\.norm).*|.*_state\..*|.*\.hs\.layer1")}
NOT_CHECKPOINT = {"refs.json", "refs.safetensors", "vocab.json", "merges.txt"}    # tokenizer.json repeats the last two
COMPARED = re.compile(r"p\d+\.(input_ids|logits|greedy_ids|greedy_margin|hs\..+|conv_state\..+|recurrent_state\..+)")
# Pictures and videos; pixels as the bytes they were ((x - 127.5) / 127.5 is what the model takes).
SEEN = re.compile(r"(img1|img2|vid|mix)\.(input_ids|mm_token_type_ids|.+_grid_thw|pixel_values.*_u8|position_ids|"
                  r"rope_deltas|logits|greedy_ids|hs\.(embed|final_norm)|vis\..+)")
CASE_FIELDS = ["id", "task", "enable_thinking", "tools", "messages", "prompt", "input_ids", "answer_ids", "answer_text",
               "final_text"]


def copy_checkpoint(source, target):
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        if file.is_file() and file.name not in NOT_CHECKPOINT:
            shutil.copyfile(file, target / file.name)


def prune(source, target, keep):
    target.parent.mkdir(parents=True, exist_ok=True)
    tensors = safetensors_file.read(source)
    safetensors_file.write(target, {name: tensor for name, tensor in tensors.items() if keep(name)})


def nano_cases(source, target):
    """Cases without pictures or video: one JSON object a line, and their logits."""
    with open(source / "cases.jsonl", encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    cases = [case for case in cases if not case.get("image_grid_thw") and not case.get("video_grid_thw")]
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_suffix(".jsonl"), "w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps({field: case[field] for field in CASE_FIELDS}, ensure_ascii=False) + "\n")
    wanted = {f"{case['id']}.{what}" for case in cases for what in ("logits_last8", "logits_all")}
    prune(source / "refs.safetensors", target.with_suffix(".safetensors"), wanted.__contains__)


def seen_cases(source, target):
    """Cases with pictures or frames of videos (no container: how those are decoded is FFmpeg's), and these."""
    with open(source / "cases.jsonl", encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    wanted = []
    with open(target.with_suffix(".jsonl"), "w", encoding="utf-8") as file:
        for case in cases:
            parts = [part for message in case["messages"] if isinstance(message["content"], list)
                     for part in message["content"] if "image" in part or "video" in part]
            places = [part.get("image", part.get("video")) for part in parts]
            if not parts or any(place.endswith(".mp4") for place in places):
                continue
            for part in parts:
                if "video" in part:
                    part["fps"] = case["video"]["fps"]
            wanted += places
            file.write(json.dumps({field: case[field] for field in CASE_FIELDS}, ensure_ascii=False) + "\n")
    with tarfile.open(source / "media.tar") as media:
        for member in media.getmembers():
            if member.isfile() and any(member.name == place or member.name.startswith(place + "/") for place in wanted):
                path = target.parent / f"{target.name}_media" / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(media.extractfile(member).read())


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    fixtures, nano = map(Path, argv)
    for name in TINY:
        copy_checkpoint(fixtures / name, DATA / "models" / name)
        dropped = DROPPED.get(name)
        if dropped:
            weights = DATA / "models" / name / "model.safetensors"
            prune(weights, weights, lambda tensor: not dropped.fullmatch(tensor))
        prune(fixtures / name / "refs.safetensors", DATA / "refs" / f"{name}.safetensors",
              lambda tensor: COMPARED.fullmatch(tensor) and not (dropped and dropped.fullmatch(tensor)))
    prune(fixtures / "qwen3_5-tiny" / "refs.safetensors", DATA / "refs" / "qwen3_5-tiny-vision.safetensors",
          SEEN.fullmatch)
    copy_checkpoint(nano / "qwen3-nano", DATA / "models" / "qwen3-nano")
    for name in ("qwen3", "vl"):
        nano_cases(nano / "refs" / name, DATA / "nano" / name)
    seen_cases(nano / "refs" / "vl", DATA / "nano" / "vl_seen")


if __name__ == "__main__":
    main(sys.argv[1:])
