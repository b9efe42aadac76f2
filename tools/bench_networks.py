#!/usr/bin/env python3
"""Times the networks of `crates/unband-infer/benches/networks.rs` in onnxruntime, OpenVINO, ncnn and PyTorch, beside ours, and
compares memory.

    tools/bench_networks.py OUR-BENCHMARK [--only NAME,…] [--rounds N] [--no-memory] [--write]

OUR-BENCHMARK is the program that `cargo bench -p unband-infer --bench networks --no-run` names; `scripts/bench networks` does
both. All have the same numbers and run in turns, one thread each; results are compared too. Memory is that of one run in a
process of its own, on top of what is there when the network is loaded. Needs Linux and the Python packages ncnn, numpy, onnx,
onnxruntime, openvino, pnnx, safetensors, torch and torchvision.
"""

import argparse
import pathlib
import platform
import subprocess
import sys
from importlib.metadata import version

import peers
import torch
import torch_nets
from safetensors.torch import load_file

HEAD = """# Networks beside onnxruntime, OpenVINO, ncnn and PyTorch

Made by `scripts/bench networks --write`. The same network with the same numbers, written as an ONNX file by
`unband models export`, and as a PyTorch module (`tools/torch_nets`, eager, `torch.inference_mode`). One thread each on {cpu},
in turns in one run, least of {rounds}; onnxruntime {onnxruntime}, OpenVINO {openvino}, ncnn {ncnn} (through pnnx; 32 bits, as all
others), PyTorch {torch}.
"""

TIMES = """
## Time

CPU milliseconds of one run; in brackets how many times ours. The last column is the largest difference of their results from
ours, over the largest value. –: pnnx makes no ncnn network of it (of `rrdbnet` for want of memory: 20 GB did not suffice).

| network | picture | unband | onnxruntime | OpenVINO | ncnn | PyTorch | differ by |
|---|---|---:|---:|---:|---:|---:|---:|
"""

MEMORY = """
## Memory

The most that one run takes on top of the loaded network, input and result included, each in a process of its own, one thread. The
picture is 1920×1080, or what the network's multiple makes of it; of `rrdbnet` the result is.

| network | picture | unband | PyTorch | |
|---|---|---:|---:|---:|
"""


def module(name, weights=None):
    """The module, with our numbers; tables of integers are its own."""
    net = torch_nets.build(name)
    if weights:
        state = net.state_dict()
        ours = {key: value for key, value in load_file(weights).items() if value.is_floating_point()}
        if missing := [key for key, value in state.items() if value.is_floating_point() and key not in ours]:
            sys.exit(f"{name}: {missing[:3]} are not among our numbers")
        net.load_state_dict({**state, **ours})
    return net.eval()


def torch_inputs(inputs):
    """What goes in: values of one sample per channel are vectors there."""
    tensors = [torch.from_numpy(x) for x in inputs]
    return [x.flatten(1) if x.shape[2:] == (1, 1) else x for x in tensors]


def torch_runner(net, ours):
    inputs = torch_inputs(ours.inputs)

    def run():
        with torch.inference_mode():
            out = net(*inputs)
        return out if isinstance(out, tuple) else (out,)

    return run


def time_one(program, name, rounds):
    """Least milliseconds of each, and how far the others are off."""
    with peers.Ours([program, "--serve", name]) as ours:
        net = module(name, ours.folder / "weights.safetensors")
        eager = torch_runner(net, ours)
        others = {
            "onnxruntime": peers.onnx_runner(ours.model, ours.inputs),
            "OpenVINO": peers.openvino_runner(ours.model, ours.inputs),
            "ncnn": peers.ncnn_runner(net, ours.inputs, ours.folder, 64 if ours.enlarges() else None),
            "PyTorch": lambda: [out.numpy() for out in eager()],
        }
        differ = max(ours.off(run()) for run in others.values() if run)
        times = {other: (lambda run=run: peers.cpu(run)) for other, run in others.items() if run}
        return peers.least({"unband": ours.run, **times}, rounds), list(others), differ


def account(word):
    """Bytes from the system's account of this process."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(word))


def torch_memory(name, rows, columns):
    """Most bytes at once of a run, less those that are there before."""
    net = module(name)
    points = [torch.ones(1, 1)] if name == "indi" else []
    inputs = [torch.rand(1, 3, rows, columns), *points]
    # 5 forgets the peak so far.
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = account("VmRSS")
    with torch.inference_mode():
        made = net(*inputs)
    assert made is not None
    return max(0, account("VmHWM") - before)


def bytes_of(command):
    """What a process of its own says; none where the system stopped it."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode < 0:
        return None
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr[-500:]}")
    return int(done.stdout)


def memory_row(program, name, rows, columns):
    ours = bytes_of([program, "--memory", name])
    theirs = bytes_of([sys.executable, __file__, "--torch-memory", name, str(rows), str(columns)])
    text = [f"{n / 2**20:,.0f} MiB" if n else "more than there is" for n in (ours, theirs)]
    ratio = f"{theirs / ours:.1f} times ours" if ours and theirs else ""
    return f"| `{name}` | {columns}×{rows} | {text[0]} | {text[1]} | {ratio} |\n"


def time_row(program, name, rows, columns, rounds):
    best, names, differ = time_one(program, name, rounds)
    ours = best["unband"]
    others = " | ".join(f"{best[other]:,.0f} ({best[other] / ours:.2f})" if other in best else "–" for other in names)
    return f"| `{name}` | {columns}×{rows} | {ours:,.0f} | {others} | {differ:.0e} |\n"


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def cases(program, only):
    """Names, rows and columns for times, rows and columns for memory."""
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout
    found = [(name, *map(int, sizes)) for name, *sizes in map(str.split, listed.splitlines())]
    return [case for case in found if not only or case[0] in only]


def settings():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--only", type=lambda names: names.split(","), default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--write", action="store_true", help="docs/results/networks.md")
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
    page = HEAD.format(cpu=processor(), rounds=args.rounds, **versions)

    def say(text):
        nonlocal page
        page += text
        print(text, end="", flush=True)

    say(TIMES)
    for name, rows, columns, *_ in chosen:
        say(time_row(args.program, name, rows, columns, args.rounds))
    if not args.no_memory:
        say(MEMORY)
        for name, _, _, rows, columns in chosen:
            say(memory_row(args.program, name, rows, columns))
    if args.write:
        (pathlib.Path(__file__).parent.parent / "docs/results/networks.md").write_text(page)


if __name__ == "__main__":
    main()
