#!/usr/bin/env python3
"""Benchmark of a training step against PyTorch, with `crates/unband-train/benches/step.rs`.

    tools/bench_train.py BENCHMARK [--rounds N] [--write]

BENCHMARK is the program printed by `cargo bench --bench step --no-run`; `scripts/bench training` does both. Both start with
the same weights, take steps alternately, and must report the same losses. PyTorch is eager, 32 bits, channels last. Needs Linux and
the Python packages numpy, safetensors and torch.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

THREADS = (1, 2)
RATE = 1e-4

HEAD = """# Training compared with PyTorch

Made by `scripts/bench training --write`. A step of the light net (pixel-unshuffle by 4, eight 3×3 convolutions, mostly 64 to 64
channels) with 8 pictures of 128×128: forward, mean absolute difference, backward, Adam. The same weights on both sides, alternating
in one run; PyTorch {torch} eager, 32 bits, channels last, on {cpu}. Least of {rounds} steps; CPU time is that of all threads.

| threads | unband, CPU ms | PyTorch, CPU ms | times PyTorch's speed | unband, ms | PyTorch, ms | losses differ by |
|---:|---:|---:|---:|---:|---:|---:|
"""


def torch_stepper(folder, threads):
    """A function that takes a step and returns CPU milliseconds, wall-clock milliseconds, and the loss before it."""
    import torch
    from safetensors.torch import load_file
    from torch_nets.light import Light

    torch.set_num_threads(threads)
    last = torch.channels_last
    net = Light()
    net.load_state_dict(load_file(folder / "weights.safetensors"))
    net = net.to(memory_format=last)
    adam = torch.optim.Adam(net.parameters(), RATE)
    batch = {name: t.contiguous(memory_format=last) for name, t in load_file(folder / "batch.safetensors").items()}

    def step():
        begun = time.process_time(), time.perf_counter()
        adam.zero_grad()
        loss = (net(batch["given"]) - batch["wanted"]).abs().mean()
        value = loss.item()
        loss.backward()
        adam.step()
        return 1e3 * (time.process_time() - begun[0]), 1e3 * (time.perf_counter() - begun[1]), value

    return step


def compare(program, threads, rounds):
    """Minimum CPU and wall-clock milliseconds of both, and the difference of their losses."""
    with tempfile.TemporaryDirectory() as folder:
        ours = subprocess.Popen(
            [program, "--serve", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "RAYON_NUM_THREADS": str(threads)},
        )
        if ours.stdout.readline().strip() != "ready":
            sys.exit(f"{program} did not start")

        def our_step():
            ours.stdin.write("\n")
            ours.stdin.flush()
            return [float(word) for word in ours.stdout.readline().split()]

        torch_step = torch_stepper(pathlib.Path(folder), threads)
        times, apart = [], 0.0
        for number in range(rounds + 2):
            a, b = our_step(), torch_step()
            apart = max(apart, abs(a[2] - b[2]) / abs(b[2]))
            if number >= 2:
                times.append((*a[:2], *b[:2]))
        ours.stdin.close()
        ours.wait()
    return [min(column) for column in zip(*times, strict=True)], apart


def processor():
    """The processor's name, from Linux."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "an unnamed processor")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    import torch

    report = HEAD.format(torch=torch.__version__.split("+")[0], cpu=processor(), rounds=args.rounds)
    for threads in THREADS:
        (our_cpu, our_wall, cpu, wall), apart = compare(args.program, threads, args.rounds)
        if apart > 1e-4:
            sys.exit(f"{threads} threads: losses differ by {apart:.1e} of their size, so these are not the same steps")
        times = f"{our_cpu:.1f} | {cpu:.1f} | {cpu / our_cpu:.2f} | {our_wall:.1f} | {wall:.1f}"
        report += f"| {threads} | {times} | {apart:.0e} |\n"
    print(report)
    if args.write:
        file = pathlib.Path(__file__).parents[1] / "docs/results/training.md"
        # The sections below are not measured here.
        _, section, below = file.read_text().partition("\n## ")
        file.write_text(report + section + below)


if __name__ == "__main__":
    main()
