"""Other runtimes, run alternately with unband's benchmark: for `bench_engine.py`.

Needs numpy, onnxruntime, openvino and safetensors, and ncnn, pnnx and torch for `ncnn_runner`.
"""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import openvino
from check_onnx import numbered, off
from safetensors.numpy import load_file


class Ours:
    """An unband benchmark that serves one network (`crates/unband-infer/benches/shared/mod.rs`), with the files that it wrote."""

    def __init__(self, command):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        command = [*command, self._folder.name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{' '.join(command)} did not start")
        self.model = str(self.folder / "network.onnx")
        values = load_file(self.folder / "network.safetensors")
        self.inputs, self.outputs = numbered(values, "input"), numbered(values, "output")

    def run(self, threads):
        """CPU and wall-clock milliseconds of one run on this number of threads."""
        self._process.stdin.write(f"{threads}\n")
        self._process.stdin.flush()
        cpu, passed = self._process.stdout.readline().split()
        return float(cpu), float(passed)

    def enlarges(self):
        """Whether the output is larger than the input."""
        return self.outputs[0].shape[-1] > self.inputs[0].shape[-1]

    def off(self, outputs):
        """Deviation of the others: the largest difference over the largest value."""
        return max(off(got, want) for got, want in zip(outputs, self.outputs))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


def onnx_runner(model, inputs, threads):
    """A function that runs a file in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = dict(zip([value.name for value in session.get_inputs()], inputs, strict=True))
    return lambda: session.run(None, given)


def openvino_runner(model, inputs, threads, precision="f32"):
    """The same in OpenVINO."""
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)
    return lambda: list(compiled(inputs).values())


def ncnn_runner(net, inputs, folder, threads, corner=None):
    """A function that runs a PyTorch module of one image in ncnn, 32 bits; None if pnnx cannot convert it to ncnn's layers.

    `corner`: rows and columns of the example input for pnnx, which stores all intermediate results; for networks of any size.
    """
    import ncnn
    import pnnx
    import torch

    if len(inputs) > 1:
        return None
    if not (folder / "net.ncnn.param").exists():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                shown = tuple(torch.from_numpy(x[..., :corner, :corner].copy()) for x in inputs)
                pnnx.export(net, str(folder / "net.pt"), shown, fp16=False)
        except (AssertionError, RuntimeError) as error:
            print(f"pnnx: {str(error).splitlines()[0]}", file=sys.stderr)
            return None
    loaded = ncnn.Net()
    loaded.opt.num_threads = threads
    for kind in ("packed", "storage", "arithmetic"):
        setattr(loaded.opt, f"use_fp16_{kind}", False)
    if loaded.load_param(str(folder / "net.ncnn.param")) or loaded.load_model(str(folder / "net.ncnn.bin")):
        return None
    picture = ncnn.Mat(np.ascontiguousarray(inputs[0][0])).clone()

    def run():
        with loaded.create_extractor() as extractor:
            extractor.input("in0", picture)
            failed, out = extractor.extract("out0")
            return None if failed else [np.array(out)[None]]

    return run if run() else None


def timed(run):
    """CPU and wall-clock milliseconds of a call."""
    cpu, begun = time.process_time(), time.perf_counter()
    run()
    return 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - begun)


def least(runners, rounds):
    """Minimum CPU and wall-clock milliseconds of each, run alternately; a first round warms up."""
    best = dict.fromkeys(runners, (float("inf"), float("inf")))
    for number in range(rounds + 1):
        for name, run in runners.items():
            taken = run()
            if number:
                best[name] = tuple(map(min, best[name], taken))
    return best
