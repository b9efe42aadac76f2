#!/usr/bin/env python3
"""Benchmark of the inference engine against onnxruntime, OpenVINO, ncnn and PyTorch: time and memory.

Runs the networks of `crates/unband-infer/benches/engine.rs`.

    tools/bench_engine.py BENCHMARK [--only NAME,…] [--rounds N] [--no-memory] [--no-compile] [--avx2] [--half] [--write]

BENCHMARK is the program printed by `cargo bench -p unband-infer --bench engine --no-run`; `scripts/bench engine` does both.
All have the same weights and run alternately, on one thread and on all processors; results are compared too. Memory is that of
one run in a separate process, in addition to the loaded network. `--avx2` limits runtimes to AVX2 where they support it. Needs
Linux and the Python packages ncnn, numpy, onnx, onnxruntime, openvino, pnnx, safetensors, torch and torchvision; PyTorch compiles
with the system's C++ compiler.
"""

import argparse
import os
import pathlib
import platform
import subprocess
import sys
from importlib.metadata import version

if "--avx2" in sys.argv:
    # Read at load time.
    os.environ.update(ONEDNN_MAX_CPU_ISA="AVX2", ATEN_CPU_CAPABILITY="avx2")

import peers
import torch
import torch_nets
from safetensors.torch import load_file
from torch_nets.light import Light

HEAD = """# The engine compared with onnxruntime, OpenVINO, ncnn and PyTorch

Made by `scripts/bench engine --write`. The same network with the same weights, written as an ONNX file by
`unband models export`, and as a PyTorch module (`tools/torch_nets`; channels last, `torch.compile`, `torch.inference_mode`). Alternating
in one run on {cpu}, least of {rounds}; onnxruntime {onnxruntime}, OpenVINO {openvino}, ncnn {ncnn} (through pnnx),
PyTorch {torch}; 32 bits all of them.

`light` is a typical light network: pixel-unshuffle by 4, eight convolutions of 3×3, mostly 64 to 64 channels, with skips
(71.7 GFLOP at 1920×1080). `swinir` runs without `torch.compile`, which did not end in 15 minutes. How it works:
[engine](../how/engine.md).
"""

ONE = """
## One thread

CPU milliseconds of one run; in brackets the multiple of unband's time. GFLOP/s: operations of the definition, as if every product
were made, per second of unband. The last column is the largest difference of their results from unband's, over the largest value.
–: pnnx cannot convert it to ncnn (for `rrdbnet` 20 GB of memory did not suffice).

| network | image | unband | GFLOP/s | onnxruntime | OpenVINO | ncnn | PyTorch | best of them | differ by |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""

ALL = """
## {threads} threads

Wall-clock milliseconds. The last column: speed compared with one thread.

| network | image | unband | onnxruntime | OpenVINO | ncnn | PyTorch | best of them | threads bring |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""

AVX2 = """
## AVX2 only

One thread, CPU milliseconds, as above; those whose instructions can be held back.

| network | image | unband | GFLOP/s | OpenVINO | PyTorch | best of them | differ by |
|---|---|---:|---:|---:|---:|---:|---:|
"""

HALF = """
## 16 bits

Products of bfloat16, sums of 32 bits. One thread, CPU milliseconds of one run: unband with `--precision f32` and `--precision bf16`, and
OpenVINO where it may use bf16; in brackets the multiple of unband's bf16 time. Differ: difference of each from unband in 32 bits, the largest
difference over the largest value; the networks have random weights; trained ones differ less.

| network | image | unband, f32 | unband, bf16 | | differ by | OpenVINO, bf16 | differ by |
|---|---|---:|---:|---:|---:|---:|---:|
"""

MEMORY = """
## Memory

The most that one run takes on top of the loaded network and its input, result included, each in a process of its own, one thread. The
image is 1920×1080, rounded to the network's multiple; for upscaling networks the result has this size.

| network | image | unband | PyTorch | |
|---|---|---:|---:|---:|
"""


# Networks that pnnx cannot convert in 20 GB.
TOO_LARGE = ("rrdbnet",)
# Networks that `torch.compile` did not finish in 15 minutes.
UNCOMPILED = ("swinir",)


def module(name, weights=None):
    """The module with unband's weights; integer tables are its own."""
    net = Light() if name == "light" else torch_nets.build(name)
    if weights:
        state = net.state_dict()
        ours = {key: value for key, value in load_file(weights).items() if value.is_floating_point()}
        if missing := [key for key, value in state.items() if value.is_floating_point() and key not in ours]:
            sys.exit(f"{name}: {missing[:3]} are not among unband's weights")
        net.load_state_dict({**state, **ours})
    return net.eval()


def compiled(net):
    """A module for any number of threads."""
    torch._inductor.config.cpp.dynamic_threads = True
    return torch.compile(net)


def torch_runner(net, call, inputs, threads):
    """A function that runs a module: images in channels-last layout, values of one sample per channel as vectors."""
    for value in net.parameters():
        if value.dim() == 4:
            value.data = value.data.contiguous(memory_format=torch.channels_last)
    tensors = [torch.from_numpy(x) for x in inputs]
    last = torch.channels_last
    tensors = [x.flatten(1) if x.shape[2:] == (1, 1) else x.contiguous(memory_format=last) for x in tensors]

    def run():
        torch.set_num_threads(threads)
        with torch.inference_mode():
            out = call(*tensors)
        return [value.numpy() for value in (out if isinstance(out, tuple) else (out,))]

    return run


def runners(name, ours, threads, net, call, args):
    """The peers on this number of threads."""
    some = {"OpenVINO": peers.openvino_runner(ours.model, ours.inputs, threads)}
    if not args.avx2:
        corner = 64 if ours.enlarges() else None
        some["onnxruntime"] = peers.onnx_runner(ours.model, ours.inputs, threads)
        if name not in TOO_LARGE:
            some["ncnn"] = peers.ncnn_runner(net, ours.inputs, ours.folder, threads, corner)
    some["PyTorch"] = torch_runner(net, call, ours.inputs, threads)
    return {peer: run for peer, run in some.items() if run}


def times(name, ours, threads, net, call, args):
    """Minimum CPU and wall-clock milliseconds of each, and the deviation of the others' results."""
    others = runners(name, ours, threads, net, call, args)
    differ = max(ours.off(run()) for run in others.values())
    timed = {peer: (lambda run=run: peers.timed(run)) for peer, run in others.items()}
    return peers.least({"unband": lambda: ours.run(threads), **timed}, args.rounds), differ


def cells(best, which, names):
    """The peers' milliseconds next to unband's, and the best of them."""
    mine = best["unband"][which]
    one = [f"{best[n][which]:,.0f} ({best[n][which] / mine:.2f})" if n in best else "–" for n in names]
    least = min(best[n][which] for n in names if n in best)
    return [*one, f"**{least / mine:.2f}**"]


def rows_of(program, case, args, threads):
    """A network's table rows: on one thread, and on all."""
    name, rows, columns, _, _, adds = case
    level = ["--level", "avx2"] if args.avx2 else []
    names = ["OpenVINO", "PyTorch"] if args.avx2 else ["onnxruntime", "OpenVINO", "ncnn", "PyTorch"]
    row = lambda values: "| " + " | ".join(values) + " |\n"
    with peers.Ours([program, *level, "--serve", name]) as ours:
        size = f"{columns}×{rows}"
        net = module(name, ours.folder / "weights.safetensors")
        call = net if args.no_compile or name in UNCOMPILED else compiled(net)
        best, differ = times(name, ours, 1, net, call, args)
        speed = 2e-6 * adds / best["unband"][0]
        mine = [f"`{name}`", size, f"{best['unband'][0]:,.0f}"]
        one = row([*mine, f"{speed:,.0f}", *cells(best, 0, names), f"{differ:.0e}"])
        if args.avx2 or threads == 1:
            return one, None
        more, _ = times(name, ours, threads, net, call, args)
        gain = best["unband"][1] / more["unband"][1]
        mine = [f"`{name}`", size, f"{more['unband'][1]:,.0f}"]
        return one, row([*mine, *cells(more, 1, names), f"{gain:.2f}"])


def half_row(program, case, args):
    """A network in bf16, unband and OpenVINO, next to unband in 32 bits."""
    name, rows, columns, *_ = case
    with peers.Ours([program, "--serve", name]) as ours, peers.Ours([program, "--bf16", "--serve", name]) as half:
        run = peers.openvino_runner(ours.model, ours.inputs, 1, "bf16")
        differ = [ours.off(half.outputs), ours.off(run())]
        runners = {"f32": lambda: ours.run(1), "bf16": lambda: half.run(1), "OpenVINO": lambda: peers.timed(run)}
        best = {who: took[0] for who, took in peers.least(runners, args.rounds).items()}
    gain, ratio = best["f32"] / best["bf16"], best["OpenVINO"] / best["bf16"]
    return (
        f"| `{name}` | {columns}×{rows} | {best['f32']:,.0f} | {best['bf16']:,.0f} | {gain:.2f} times as quick | {differ[0]:.0e} "
        f"| {best['OpenVINO']:,.0f} ({ratio:.2f}) | {differ[1]:.0e} |\n"
    )


def account(word):
    """Bytes from the system's statistics of this process."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(word))


def torch_memory(name, rows, columns):
    """Peak bytes of a run, minus those allocated before."""
    net = module(name)
    points = [torch.ones(1, 1)] if name == "indi" else []
    inputs = [torch.rand(1, 3, rows, columns), *points]
    # 5 resets the peak.
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = account("VmRSS")
    with torch.inference_mode():
        made = net(*inputs)
    assert made is not None
    return max(0, account("VmHWM") - before)


def bytes_of(command):
    """Output of a separate process; None if the system stopped it."""
    # Return freed pages to the system: memory that a run takes from them would not be measured.
    env = {**os.environ, "MIMALLOC_PURGE_DELAY": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode < 0:
        return None
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr[-500:]}")
    return int(done.stdout)


def memory_row(program, name, rows, columns):
    ours = bytes_of([program, "--memory", name])
    theirs = bytes_of([sys.executable, __file__, "--torch-memory", name, str(rows), str(columns)])
    text = [f"{n / 2**20:,.0f} MiB" if n else "more than there is" for n in (ours, theirs)]
    ratio = f"{theirs / ours:.1f} times unband" if ours and theirs else ""
    return f"| `{name}` | {columns}×{rows} | {text[0]} | {text[1]} | {ratio} |\n"


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def cases(program, only):
    """Names, rows and columns for times, rows and columns for memory, multiply-adds."""
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout
    found = [(name, *map(int, numbers)) for name, *numbers in map(str.split, listed.splitlines())]
    return [case for case in found if not only or case[0] in only]


def settings():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--only", type=lambda names: names.split(","), default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--no-compile", action="store_true", help="eager PyTorch only")
    parser.add_argument("--avx2", action="store_true", help="limit instruction sets to AVX2")
    parser.add_argument("--half", action="store_true", help="16 bits only")
    parser.add_argument("--write", action="store_true", help="write docs/results/engine.md; its part on other processors is kept")
    return parser.parse_args()


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if sys.argv[1:2] == ["--torch-memory"]:
        print(torch_memory(sys.argv[2], *map(int, sys.argv[3:])))
        return
    args = settings()
    chosen = cases(args.program, args.only)
    versions = {name: version(name) for name in ("onnxruntime", "openvino", "ncnn", "torch")}
    threads = os.cpu_count() or 1
    ones, mores = (AVX2 if args.avx2 else ONE), ALL.format(threads=threads)
    halves = ""
    for case in chosen:
        if not args.half:
            one, more = rows_of(args.program, case, args, threads)
            ones += one
            mores += more or ""
            print(one, more or "", sep="", end="", flush=True)
        if not args.avx2:
            halves += half_row(args.program, case, args)
    page = HEAD.format(cpu=processor(), rounds=args.rounds, **versions)
    if not args.half:
        page += ones + ("" if args.avx2 else mores)
    if not args.avx2:
        page += HALF + halves
    if not (args.no_memory or args.avx2 or args.half):
        page += MEMORY
        for name, _, _, rows, columns, _ in chosen:
            page += memory_row(args.program, name, rows, columns)
    print(page)
    if args.write and not args.half:
        file = pathlib.Path(__file__).parent.parent / "docs/results/engine.md"
        _, heading, kept = file.read_text().partition("\n## Other processors")
        file.write_text(page + heading + kept)


if __name__ == "__main__":
    main()
