#!/usr/bin/env python3
"""Test variables of a small TensorFlow model, with TensorFlow's results.

    tools/make_tensorflow.py golden/tensorflow

Needs tensorflow-cpu. The network is DBI's classifier with generated weights. Names, order and types of variables are those of its
published model, including an optimizer's, split into two files like the published ones. `expected.json` holds the probabilities for
images that a test can reproduce, by TensorFlow's own operations.
"""

import json
import pathlib
import sys
import tempfile

import numpy as np
import tensorflow as tf

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
# Rows, columns, input and output channels of kernels, and the side of the pool after each.
CONVS = [((5, 5, 3, 8), 2), ((5, 5, 8, 8), 2), ((3, 3, 8, 16), 2), ((3, 3, 16, 16), 3), ((1, 1, 16, 32), 3)]
DENSE = [(32, 8), (8, 1)]
SIDE = 235


def made(shape, seed, low, high):
    """Values that differ from element to element and are exact in 32 bits."""
    n = np.arange(np.prod(shape), dtype=np.int64)
    unit = ((n * 1103 + seed * 7919 + n * n * 31) % 2048) / 2048
    return np.round((low + (high - low) * unit) * 2**20).reshape(shape).astype(np.float32) / np.float32(2**20)


def variables():
    out, layer = {}, 0
    for i, (kernel, _) in enumerate(CONVS):
        spread = 2.5 / np.sqrt(np.prod(kernel[:3]))
        out[f"layer_with_weights-{layer}/kernel"] = made(kernel, layer, -spread, spread)
        out[f"layer_with_weights-{layer}/bias"] = made(kernel[3:], layer + 50, -0.2, 0.3)
        layer += 1
        if i < 4:
            for name, low, high in [("gamma", 0.5, 1.5), ("beta", -0.5, 0.5), ("moving_mean", 0.0, 0.5),
                                    ("moving_variance", 0.2, 1.2)]:
                out[f"layer_with_weights-{layer}/{name}"] = made(kernel[3:], layer + len(name), low, high)
            layer += 1
    for shape in DENSE:
        spread = 2.5 / np.sqrt(shape[0])
        out[f"layer_with_weights-{layer}/kernel"] = made(shape, layer, -spread, spread)
        out[f"layer_with_weights-{layer}/bias"] = made(shape[1:], layer + 50, -0.2, 0.3)
        layer += 1
    return out


def probability(weights, picture):
    of = lambda layer, name: weights[f"layer_with_weights-{layer}/{name}"]
    x, layer = tf.constant(picture[None], tf.float32), 0
    for i, (_, pool) in enumerate(CONVS):
        x = tf.nn.relu(tf.nn.conv2d(x, of(layer, "kernel"), 1, "VALID") + of(layer, "bias"))
        x = tf.nn.max_pool2d(x, pool, pool, "VALID")
        layer += 1
        if i < 4:
            x = tf.nn.batch_normalization(x, of(layer, "moving_mean"), of(layer, "moving_variance"),
                                          of(layer, "beta"), of(layer, "gamma"), 1e-3)
            layer += 1
    x = tf.reduce_mean(x, (1, 2))
    x = tf.nn.relu(x @ of(9, "kernel") + of(9, "bias"))
    return float(tf.sigmoid(x @ of(10, "kernel") + of(10, "bias"))[0, 0])


def pictures():
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    shade = lambda *planes: np.stack(np.broadcast_arrays(*planes), -1).astype(np.float32) / np.float32(255)
    return {
        "ramp": shade(x, y, (x + y) // 2),
        "bands": shade(x // 16 * 16, y // 16 * 16, 128),
        "checker": shade(*[255 * ((x // 8 + y // 8) % 2)] * 3),
        "turned": shade(y, 255 - x, x * y % 256),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "variables").mkdir(parents=True, exist_ok=True)
    weights = variables()
    first = {f"{name}{VALUE}": tf.constant(value) for name, value in weights.items()}
    bias = "layer_with_weights-0/bias"
    second = {
        "_CHECKPOINTABLE_OBJECT_GRAPH": tf.constant(b"a graph of objects"),
        "keras_api/metrics/0/total" + VALUE: tf.constant(3.5),
        "optimizer/iter" + VALUE: tf.constant(14, tf.int64),
        "save_counter" + VALUE: tf.constant(1, tf.int64),
        **{f"{bias}/.OPTIMIZER_SLOT/optimizer/{s}{VALUE}": tf.constant(weights[bias] * 9) for s in "mv"},
    }
    with tempfile.TemporaryDirectory() as room:
        parts = []
        for i, part in enumerate([second, first]):
            names, values = zip(*sorted(part.items()))
            parts.append(f"{room}/part{i}")
            tf.raw_ops.SaveV2(prefix=parts[-1], tensor_names=list(names), shape_and_slices=[""] * len(names),
                              tensors=list(values))
        tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(folder / "variables/variables"))
    told = {name: probability(weights, picture) for name, picture in pictures().items()}
    expected = {"tensorflow": tf.__version__, "probability": told}
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    print(told, [path.stat().st_size for path in folder.rglob("*") if path.is_file()])


if __name__ == "__main__":
    main()
