"""A byte-level BPE tokenizer of full size with made-up words, in the files that Hugging Face's tokenizers write."""
import json
import os
import random

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
            "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
            "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
            "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
            "<think>", "</think>"]
NOT_SPECIAL = {"<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
               "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"}
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TEMPLATE = ("{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
            "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")
LONGEST_WORD = 16


def byte_characters():
    """The 256 printable characters that stand for bytes in GPT-2's byte-level BPE, in order of the byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(byte if byte in set(printable) else next(others)) for byte in range(256)]


def make_words(count):
    """-> (vocabulary of `count` words in order of id, merges). Short words are likely parts, half begin with a space."""
    draw = random.Random(0)
    alphabet = byte_characters()
    words, merges, seen = list(alphabet), [], set(alphabet)
    parts = list("etaoinshrdlucmfwypvbgkjqxz" * 4)
    starts = parts + [alphabet[ord(" ")]] * len(parts)
    while len(words) < count:
        left, right = draw.choice(starts), draw.choice(parts)
        word = left + right
        if len(word) > LONGEST_WORD or word in seen:
            continue
        seen.add(word)
        words.append(word)
        merges.append((left, right))
        starts.append(word)
        if word[0] != alphabet[ord(" ")]:
            parts.append(word)
    return words, merges


def write(folder, vocab_size, first_special):
    """tokenizer.json, tokenizer_config.json and generation_config.json; ids from `first_special` on are the special ones."""
    if first_special is None or not 256 < first_special <= vocab_size - len(SPECIALS):
        first_special = vocab_size - len(SPECIALS)
    words, merges = make_words(first_special)
    added = [{"id": first_special + i, "content": word, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": word not in NOT_SPECIAL} for i, word in enumerate(SPECIALS)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False,
                  "vocab": {word: id for id, word in enumerate(words)}, "merges": [" ".join(merge) for merge in merges]}}
    end = first_special + SPECIALS.index("<|im_end|>")
    files = {
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {"tokenizer_class": "Qwen2Tokenizer", "chat_template": TEMPLATE,
                                  "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
        "generation_config.json": {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95,
                                   "eos_token_id": [end, first_special], "pad_token_id": first_special}}
    for name, value in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
