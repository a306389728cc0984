#!/usr/bin/env python3
"""Runs gerbil and llama.cpp in turn on the same shapes and prints what each did, pair by pair.

usage: bench/race.py MODEL_FOLDER MODEL.gguf --peer COMMAND [--gerbil COMMAND] [-p 512] [-n 64]
                     [-d 0] [-t 2] [--pairs 5] [--quant q4] [--json]

COMMAND of --peer is llama.cpp's own `llama-bench` (or a program that takes the same options and
prints the same JSON). Shared machines drift: only the ratio of the two runs of a pair says anything,
and the median over the pairs is the figure to quote. Nothing else may run meanwhile: llama.cpp's
threads spin.
"""
import argparse
import json
import shlex
import statistics
import subprocess
import sys


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"race: {shlex.join(command)} failed: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def gerbil(options):
    report = run(shlex.split(options.gerbil) + [
        "bench", options.folder, "--quant", options.quant, "--threads", str(options.threads),
        "-p", str(options.prompt), "-n", str(options.tokens), "-d", str(options.depth), "-r", "3", "--json"])
    return {"prefill": report["prefill"][0]["tok_s"], "decode": report["decode"][0]["tok_s"],
            "bytes": report["model"]["bytes"]}


def peer(options, flash):
    rows = run(shlex.split(options.peer) + [
        "-m", options.gguf, "-t", str(options.threads), "-p", str(options.prompt), "-n", str(options.tokens),
        "-d", str(options.depth), "-fa", flash, "-r", "3", "-o", "json"])
    prefill = max(row["avg_ts"] for row in rows if row["n_prompt"] > 0)
    decode = max(row["avg_ts"] for row in rows if row["n_gen"] > 0)
    return {"prefill": prefill, "decode": decode, "bytes": rows[0]["model_size"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("gguf")
    parser.add_argument("--peer", required=True)
    parser.add_argument("--gerbil", default="build/release/apps/cli/gerbil")
    parser.add_argument("-p", "--prompt", type=int, default=512)
    parser.add_argument("-n", "--tokens", type=int, default=64)
    parser.add_argument("-d", "--depth", type=int, default=0)
    parser.add_argument("-t", "--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    pairs = []
    for number in range(options.pairs):
        # Its two ways of attention are best at different depths: the better of both counts.
        both = [peer(options, flash) for flash in ("0", "1")]
        theirs = {key: max(one[key] for one in both) for key in both[0]}
        ours = gerbil(options)
        pairs.append({"gerbil": ours, "llama.cpp": theirs})
        print(f"pair {number + 1}: prefill {ours['prefill']:.1f} / {theirs['prefill']:.1f} tok/s, "
              f"decode {ours['decode']:.1f} / {theirs['decode']:.1f} tok/s", file=sys.stderr)
    ratios = {what: statistics.median(pair["gerbil"][what] / pair["llama.cpp"][what] for pair in pairs)
              for what in ("prefill", "decode")}
    size = {name: pairs[0][name]["bytes"] for name in ("gerbil", "llama.cpp")}
    if options.json:
        print(json.dumps({"pairs": pairs, "ratio": ratios, "bytes": size}))
        return
    print(f"weights: gerbil {size['gerbil'] / 1e6:.1f} MB, llama.cpp {size['llama.cpp'] / 1e6:.1f} MB")
    print(f"prefill {options.prompt}: {ratios['prefill']:.2f} times llama.cpp's (median of {len(pairs)} pairs)")
    print(f"decode {options.tokens} at depth {options.depth}: {ratios['decode']:.2f} times")


if __name__ == "__main__":
    main()
