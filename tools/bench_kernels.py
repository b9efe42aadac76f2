#!/usr/bin/env python3
"""Benchmark of single operations against PyTorch, with `crates/unband-infer/benches/kernels.rs`.

    tools/bench_kernels.py BENCHMARK

BENCHMARK is the program printed by `cargo bench -p unband-infer --bench kernels --no-run`. Needs the Python packages
torch and torchvision. One thread; CPU milliseconds, the minimum of all rounds, PyTorch in the faster of its two memory
layouts.
"""

import subprocess
import sys
import time

import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

torch.set_num_threads(1)
torch.manual_seed(1)


def window_attention(x, table):
    """Windows of 8, shifted by 4, two heads; queries, keys and values are not projected."""
    n, c, h, w = x.shape
    heads, side, shift = 2, 8, 4
    d = c // heads

    def windows(t):
        t = torch.roll(t, (-shift, -shift), (2, 3)).reshape(n, heads, d, h // side, side, w // side, side)
        return t.permute(0, 3, 5, 1, 4, 6, 2).reshape(-1, heads, side * side, d)

    q, k, v = windows(x), windows(x), windows(x)
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=table)
    y = y.reshape(n, h // side, w // side, heads, side, side, d).permute(0, 3, 6, 1, 4, 2, 5).reshape(n, c, h, w)
    return torch.roll(y, (shift, shift), (2, 3))


def mask(h, w, heads=2, side=8, shift=4):
    """Bias plus −100 between tokens that were not neighbours: `[windows, heads, 64, 64]`."""
    def part(size):
        i = torch.arange(size)
        return (i >= size - side).int() + (i >= size - shift).int()

    region = part(h)[:, None] * 3 + part(w)[None]
    region = region.reshape(h // side, side, w // side, side).permute(0, 2, 1, 3).reshape(-1, side * side)
    apart = torch.where(region[:, :, None] == region[:, None], 0.0, -100.0)
    return torch.randn(1, heads, side * side, side * side) + apart[:, None]


def cases():
    norm = (torch.ones(64), torch.zeros(64))
    grouped = torch.randn(64, 16, 3, 3) * 0.05
    apart = torch.randn(64, 1, 3, 3) * 0.1
    offsets, taps = torch.randn(18, 16, 3, 3) * 0.05, torch.randn(16, 16, 3, 3) * 0.05
    turns, banded = torch.randn(3, 16, 3, 3) * 0.1, torch.randn(16, 16, 3, 5) * 0.05
    u, v = (torch.arange(15) // 5 - 1.0).view(1, 15, 1, 1), (torch.arange(15) % 5 - 2.0).view(1, 15, 1, 1)
    bias = mask(128, 128)

    def bend(x):
        raw = F.conv2d(x, turns, padding=1)
        s, c = raw[:, :1], raw[:, 1:2]
        length = (s * s + c * c + 1e-6).sqrt()
        s, c = s / length, c / length
        stretched = (torch.tanh(raw[:, 2:]) * 1.25 + 1.75) * u
        at = torch.stack([c * stretched + s * v - u, -s * stretched + c * v - v], 2)
        return deform_conv2d(x, at.flatten(1, 2), banded, padding=(1, 2))

    large, middle, small = (64, 256, 256), (64, 128, 128), (16, 136, 240)
    return {
        "exp": (large, torch.exp),
        "tanh": (large, torch.tanh),
        "sigmoid": (large, torch.sigmoid),
        "silu": (large, F.silu),
        "gelu": (large, F.gelu),
        "sin": (large, torch.sin),
        "layer norm": (large, lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (64,), *norm)),
        "batch norm": (large, lambda x: F.batch_norm(x, None, None, *norm, training=True)),
        "mean": (large, lambda x: x.mean((2, 3), keepdim=True)),
        "max pool": (large, lambda x: F.max_pool2d(x, 3, 1)),
        "groups": (middle, lambda x: F.conv2d(x, grouped, padding=1, groups=4)),
        "depthwise": (large, lambda x: F.conv2d(x, apart, padding=1, groups=64)),
        "attention": ((32, 128, 128), lambda x: window_attention(x, bias)),
        "deformable": (small, lambda x: deform_conv2d(x, F.conv2d(x, offsets, padding=1), taps, padding=1)),
        "banded": (small, bend),
    }


def least(f, x):
    times = []
    for _ in range(12):
        begun = time.process_time()
        f(x)
        times.append(time.process_time() - begun)
    return min(times) * 1e3


def main():
    ours = {}
    for line in subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout.splitlines():
        name, milliseconds = line.rsplit(maxsplit=1)
        ours[name.strip()] = float(milliseconds)
    print("| operation | unband ms | PyTorch ms | ratio |\n|---|---|---|---|")
    with torch.inference_mode():
        for name, (shape, f) in cases().items():
            x = torch.rand(1, *shape)
            theirs = min(least(f, x), least(f, x.contiguous(memory_format=torch.channels_last)))
            print(f"| {name} | {ours[name]:.2f} | {theirs:.2f} | {ours[name] / theirs:.2f} |")


if __name__ == "__main__":
    main()
