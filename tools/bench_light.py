#!/usr/bin/env python3
"""Times the light network of `crates/unband-infer/benches/light.rs` in onnxruntime and OpenVINO, beside ours.

    tools/bench_light.py OUR-BENCHMARK [ROUNDS]

OUR-BENCHMARK is the program that `cargo bench -p unband-infer --bench light --no-run` names. Needs the Python packages
numpy, onnx, onnxruntime and openvino. One thread each, in turns; CPU milliseconds, the least of all rounds.
"""

import re
import subprocess
import sys
import time

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper

HEIGHT, WIDTH = 1080, 1920


def network():
    """Pixel-unshuffle 4, six 3×3 convolutions of 64 with ReLU and skip, pixel-shuffle 4, plus the picture."""
    rng = np.random.default_rng(1)
    nodes, numbers = [], []

    def conv(name, x, inputs, outputs):
        w = (rng.standard_normal((outputs, inputs, 3, 3)) * 0.05).astype(np.float32)
        numbers.append(onnx.numpy_helper.from_array(w, f"{name}.w"))
        numbers.append(onnx.numpy_helper.from_array(np.zeros(outputs, np.float32), f"{name}.b"))
        nodes.append(helper.make_node("Conv", [x, f"{name}.w", f"{name}.b"], [name], pads=[1, 1, 1, 1]))
        return name

    nodes.append(helper.make_node("SpaceToDepth", ["image"], ["small"], blocksize=4))
    x = conv("head", "small", 48, 64)
    for i in range(6):
        y = conv(f"body{i}", x, 64, 64)
        nodes.append(helper.make_node("Relu", [y], [f"relu{i}"]))
        nodes.append(helper.make_node("Add", [f"relu{i}", x], [f"sum{i}"]))
        x = f"sum{i}"
    x = conv("tail", x, 64, 48)
    nodes.append(helper.make_node("DepthToSpace", [x], ["large"], blocksize=4, mode="CRD"))
    nodes.append(helper.make_node("Add", ["large", "image"], ["out"]))
    shape = [1, 3, HEIGHT, WIDTH]
    graph = helper.make_graph(
        nodes,
        "light",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
        numbers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def main():
    ours, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    model = network().SerializeToString()
    picture = np.random.default_rng(2).random((1, 3, HEIGHT, WIDTH), dtype=np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(model), "CPU", settings)

    def cpu(run):
        begun = time.process_time()
        run()
        return 1000 * (time.process_time() - begun)

    def ours_once():
        text = subprocess.run([ours, "--once"], check=True, capture_output=True, text=True).stdout
        return float(re.search(r"CPU (\d+) ms", text).group(1))

    runners = {
        "unband": ours_once,
        "OpenVINO": lambda: cpu(lambda: compiled(picture)),
        "onnxruntime": lambda: cpu(lambda: session.run(None, {"image": picture})),
    }
    best = dict.fromkeys(runners, float("inf"))
    for _ in range(rounds + 1):
        for name, run in runners.items():
            best[name] = min(best[name], run())
    for name, value in best.items():
        print(f"{name:<12} {value:6.0f} ms CPU, {value / best['unband']:.2f} times ours")


if __name__ == "__main__":
    main()
