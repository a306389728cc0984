#!/usr/bin/python3
"""Measures what starting a model takes: time to the first token and memory, without and with a packed cache.

    tools/measure_load.py GERBIL MODEL [--quant Q] [--starts N] [--beside MB]

GERBIL is the program, MODEL a checkpoint's folder (tools/make_checkpoint.py makes one of true shapes). The cache is a
fresh folder. The first start quantises and keeps; the others map what it kept. While a start runs, /proc/PID/smaps_rollup
and /proc/PID/smaps are read every few milliseconds; printed are the peaks of

  anonymous   memory that is no file's
  packed      pages of the packed cache that the process has mapped
  source      pages of the checkpoint that it has mapped
  first token the process's start to its end with one token, and load_ms as gerbil says it

With --beside the exit code is 1 where anonymous and packed pages together were ever more than the packed file and so many
MB. Files are read once first, so that they come from the page cache.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures what starting a model takes.")
    parser.add_argument("gerbil")
    parser.add_argument("model")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--beside", type=float, help="MB that may be taken beside the packed file")
    return parser.parse_args()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:  # the process has ended
        return ""


def kilobytes(text, key):
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(key + ":")) * 1024


def mapped_files(smaps, belongs):
    """Resident bytes of the mappings whose file `belongs` says yes to."""
    total, ours = 0, False
    for line in smaps.splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            ours = len(words) > 5 and belongs(words[5])
        elif ours and words[0] == "Rss:":
            total += int(words[1]) * 1024
    return total


def start(arguments, cache):
    command = [arguments.gerbil, "run", arguments.model, "Hello", "--raw", "--quant", arguments.quant, "--max-tokens", "1",
               "--json", "--quiet", "--context", "4096"]
    environment = dict(os.environ, GERBIL_CACHE=cache)
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = {"anonymous": 0, "packed": 0, "source": 0, "both": 0}
    model = os.path.realpath(arguments.model) + "/"
    turn = 0
    while process.poll() is None:
        rollup = read(f"/proc/{process.pid}/smaps_rollup")
        anonymous = kilobytes(rollup, "Anonymous")
        smaps = read(f"/proc/{process.pid}/smaps") if turn % 8 == 0 else ""
        if smaps:
            packed = mapped_files(smaps, lambda path: path.endswith(".packed"))
            source = mapped_files(smaps, lambda path: os.path.realpath(path).startswith(model))
            peak["packed"] = max(peak["packed"], packed)
            peak["source"] = max(peak["source"], source)
            peak["both"] = max(peak["both"], anonymous + packed)
        peak["anonymous"] = max(peak["anonymous"], anonymous)
        turn += 1
        time.sleep(0.002)
    seconds = time.monotonic() - began
    output = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return seconds, json.loads(output), peak


def start_unwatched(arguments, cache):
    """Nobody looks: for times."""
    command = [arguments.gerbil, "run", arguments.model, "Hello", "--raw", "--quant", arguments.quant, "--max-tokens", "1",
               "--json", "--quiet", "--context", "4096"]
    began = time.monotonic()
    done = subprocess.run(command, env=dict(os.environ, GERBIL_CACHE=cache), capture_output=True, text=True, check=True)
    return time.monotonic() - began, json.loads(done.stdout)


def load_ms(answer):
    return answer["timings"]["load_ms"]


def main():
    arguments = parse_arguments()
    for name in os.listdir(arguments.model):
        with open(os.path.join(arguments.model, name), "rb") as file:
            while file.read(1 << 24):
                pass
    with tempfile.TemporaryDirectory() as cache:
        seconds, answer, first = start(arguments, cache)
        packed = sum(os.path.getsize(os.path.join(cache, name)) for name in os.listdir(cache))
        mb = lambda size: f"{size / 1e6:.0f} MB"
        print(f"packed files {mb(packed)}")
        print(f"first start: first token {seconds * 1e3:.0f} ms (load {load_ms(answer):.0f} ms), "
              f"anonymous {mb(first['anonymous'])}, packed {mb(first['packed'])}, source {mb(first['source'])}")
        _, _, second = start(arguments, cache)
        times = sorted((start_unwatched(arguments, cache) for _ in range(arguments.starts)), key=lambda run: run[0])
        print(f"second start: anonymous {mb(second['anonymous'])}, packed {mb(second['packed'])}, "
              f"source {mb(second['source'])}")
        if times:
            middle = times[len(times) // 2]
            print(f"  first token {middle[0] * 1e3:.0f} ms, median of {len(times)} "
                  f"({times[0][0] * 1e3:.0f} to {times[-1][0] * 1e3:.0f}); load {load_ms(middle[1]):.0f} ms")
        if arguments.beside is not None:
            limit = packed + arguments.beside * 1e6
            for what, peak in (("first", first), ("second", second)):
                both = max(peak["both"], peak["anonymous"])
                print(f"{what} start: anonymous and packed pages {mb(both)}, limit {mb(limit)}")
                if both > limit:
                    sys.exit(1)


if __name__ == "__main__":
    main()
