#!/usr/bin/env python3
"""Checks ONNX files: runs them in onnxruntime, and in OpenVINO if installed, and compares the outputs with expected ones.

    tools/check_onnx.py [FILE.onnx …]

Next to every file is FILE.safetensors with `input.0`, `input.1`, … and `output.0`, … in the order of the file. For each file
a line is printed: the largest difference over the largest value, of all outputs. Without files, their names are read from
standard input, one per line. A file also goes through onnx's own checks, and, where it takes any batch, run on a batch of two,
whose second image is the first one mirrored. Needs numpy, onnx, onnxruntime and safetensors.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

try:
    import openvino
except ImportError:
    openvino = None


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Graph optimisation is off: the file as written is compared, and optimising thousands of nodes takes seconds.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def in_openvino(path, inputs):
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = compiled(inputs)
    return [results[output] for output in compiled.outputs]


def off(got, want):
    """The largest difference over the largest value; infinite if shapes differ."""
    if got.shape != want.shape or not np.isfinite(got).all():
        return float("inf")
    return float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-3))


def numbered(tensors, word):
    return [tensors[f"{word}.{n}"] for n in range(sum(name.startswith(word) for name in tensors))]


def worst(path):
    onnx.checker.check_model(path, full_check=True)
    tensors = load_file(path.removesuffix(".onnx") + ".safetensors")
    model = session(path)
    names = [value.name for value in model.get_inputs()]
    inputs, wanted = numbered(tensors, "input"), numbered(tensors, "output")
    got = model.run(None, dict(zip(names, inputs, strict=True)))
    found = [off(a, b) for a, b in zip(got, wanted, strict=True)]
    for value, result in zip(model.get_outputs(), got, strict=True):
        said = [n for n in value.shape if isinstance(n, int)]
        if said != [m for n, m in zip(value.shape, result.shape, strict=True) if isinstance(n, int)]:
            sys.exit(f"{path}: {value.name} is {result.shape}, expected {value.shape}")
    if all(isinstance(value.shape[0], str) for value in model.get_inputs()):
        other = [np.ascontiguousarray(x[..., ::-1]) for x in inputs]
        alone = model.run(None, dict(zip(names, other, strict=True)))
        both = model.run(None, {n: np.concatenate(two) for n, *two in zip(names, inputs, other, strict=True)})
        found += [off(two, np.concatenate([a, b])) for two, a, b in zip(both, wanted, alone, strict=True)]
    if openvino:
        found += [off(a, b) for a, b in zip(in_openvino(path, inputs), wanted, strict=True)]
    return max(found)


def main():
    paths = sys.argv[1:] or (line.rstrip("\n") for line in sys.stdin)
    for path in paths:
        print(f"{worst(path):.3e}", flush=True)


if __name__ == "__main__":
    main()
