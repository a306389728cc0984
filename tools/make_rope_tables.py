#!/usr/bin/env python3
"""Make tests/data/rope/rope.safetensors: rotary tables in float64 at small and large positions. Needs numpy.

inv_freq[i] = theta^(-2i/R) is computed in float64 and rounded to float32, as checkpoints were trained with it; the angle
position * inv_freq is exact in float64. "exact.*" leaves inv_freq in float64: tests/data/README.md says what differs.
"""
from pathlib import Path

import numpy as np

import safetensors_file

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
TABLES = {"qwen3_5": (64, 1e7), "qwen3": (128, 1e6), "nano": (16, 1e5)}      # rotary dim R, theta
POSITIONS = np.array([0, 4096, 200000, 262143])
SECTIONS = {"qwen3_5": [11, 11, 10], "nano": [3, 3, 2]}                     # interleaved M-RoPE
TEMPORAL_HEIGHT_WIDTH = np.array([[0, 5, 7, 100, 4096, 200000, 262143],     # t, h and w differ in every column but
                                  [0, 7, 5, 3, 4100, 131071, 200001],       # the first
                                  [0, 11, 2, 50, 4099, 262143, 131070]])


def inverse_frequencies(rotary_dim, theta):
    return theta ** (-np.arange(rotary_dim // 2, dtype=np.float64) * 2 / rotary_dim)


def table(prefix, angles):                                                   # [positions, R/2]
    return {f"{prefix}cos": np.cos(angles), f"{prefix}sin": np.sin(angles)}


def main():
    tensors = {}
    for key, (rotary_dim, theta) in TABLES.items():
        exact = inverse_frequencies(rotary_dim, theta)
        rounded = exact.astype(np.float32)
        tensors |= {f"{key}.positions": POSITIONS, f"{key}.rotary_dim": np.array([rotary_dim]),
                    f"{key}.theta": np.array([theta]), f"{key}.inv_freq": rounded}
        tensors |= table(f"{key}.", POSITIONS[:, None] * rounded.astype(np.float64))
        tensors |= table(f"{key}.exact.", POSITIONS[:, None] * exact)
    for key, sections in SECTIONS.items():
        inv_freq = tensors[f"{key}.inv_freq"].astype(np.float64)
        axis = np.zeros(len(inv_freq), np.int64)                             # 0 temporal, 1 height, 2 width
        for which in (1, 2):
            axis[which:3 * sections[which]:3] = which
        tensors |= {f"mrope.{key}.sections": np.array(sections), f"mrope.{key}.axis": axis,
                    f"mrope.{key}.positions": TEMPORAL_HEIGHT_WIDTH}
        tensors |= table(f"mrope.{key}.", TEMPORAL_HEIGHT_WIDTH[axis].T * inv_freq)
    (DATA / "rope").mkdir(parents=True, exist_ok=True)
    safetensors_file.write(DATA / "rope" / "rope.safetensors",
                           {name: safetensors_file.from_array(value) for name, value in tensors.items()})


if __name__ == "__main__":
    main()
