#!/usr/bin/env python3
"""Times the light network of `crates/unband-infer/benches/light.rs` in onnxruntime and OpenVINO, beside ours.

    tools/bench_light.py OUR-BENCHMARK [ROUNDS]

OUR-BENCHMARK is the program that `cargo bench -p unband-infer --bench light --no-run` names. Needs the Python packages
numpy, onnx, onnxruntime, openvino and safetensors. One thread each, in turns; CPU milliseconds, the least of all rounds.
"""

import sys

import peers


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with peers.Ours([sys.argv[1], "--serve"]) as ours:
        vino = peers.openvino_runner(ours.model, ours.inputs)
        onnx = peers.onnx_runner(ours.model, ours.inputs)
        runners = {
            "unband": ours.run,
            "OpenVINO": lambda: peers.cpu(vino),
            "onnxruntime": lambda: peers.cpu(onnx),
        }
        best = peers.least(runners, rounds)
    for name, value in best.items():
        print(f"{name:<12} {value:6.0f} ms CPU, {value / best['unband']:.2f} times ours")


if __name__ == "__main__":
    main()
