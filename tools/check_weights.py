#!/usr/bin/env python3
"""Compares unband with PyTorch on published weights: the largest difference in codes of 16 bits.

    tools/check_weights.py UNBAND rrdbnet WEIGHTS [LIMIT]
    tools/check_weights.py UNBAND adnet   WEIGHTS [LIMIT]   as ADNet's test_c.py: blue, green, red
    tools/check_weights.py UNBAND indi    WEIGHTS [LIMIT]   as INDI's loader: blue, green, red, divided by 255 twice

The networks are those of unband's package, which `check_torch_nets.py` compares with the authors'. Needs it, torch and
numpy. Exits with 1 if the difference exceeds the limit (rrdbnet 2, others 1).
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
import torch

import torch_nets

MOST = 65535


def sample(height, width):
    """A coarse gradient with texture and edges, 16 bits, `[H, W, 3]`."""
    y, x = numpy.mgrid[0:height, 0:width]
    smooth = [(x * a + y * b) / (a * width + b * height) for a, b in ((3, 1), (1, 2), (2, 2))]
    waves = 0.1 * numpy.sin(x * y / 40.0) * (x > width / 2)
    noise = numpy.random.default_rng(48).normal(0, 0.02, (height, width, 3)) * (y > height / 2)[..., None]
    values = numpy.stack(smooth, -1) + waves[..., None] + noise
    return (numpy.round(numpy.clip(values, 0, 1) * 63) / 63 * MOST).round().astype(numpy.uint16)


def write(path, image):
    height, width, _ = image.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def read(path):
    """Samples of a 16-bit PNG of unband."""
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color, _, _, laced = struct.unpack(">IIBBBBB", body)
            assert (depth, color, laced) == (16, 2, 0), "not a plain 16-bit PNG"
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    raw, stride = numpy.frombuffer(zlib.decompress(packed), numpy.uint8).reshape(height, 6 * width + 1), 6
    rows = numpy.zeros((height + 1, 6 * width), numpy.uint8)
    for y in range(height):
        kind, line, above = raw[y, 0], raw[y, 1:].astype(int), rows[y].astype(int)
        out = numpy.zeros(6 * width, int)
        if kind == 0:
            out = line
        elif kind == 2:
            out = line + above
        else:
            for i in range(6 * width):
                left = out[i - stride] if i >= stride else 0
                corner = above[i - stride] if i >= stride else 0
                if kind == 1:
                    guess = left
                elif kind == 3:
                    guess = (left + above[i]) // 2
                else:
                    away = [abs(above[i] - corner), abs(left - corner), abs(left + above[i] - 2 * corner)]
                    guess = (left, above[i], corner)[away.index(min(away))]
                out[i] = (line[i] + guess) & 255
        rows[y + 1] = out & 255
    return rows[1:].reshape(height, width, 3, 2).astype(int) @ numpy.array([256, 1])


def load(path):
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file
        return load_file(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("params_ema", "params", "state_dict"):
        state = state.get(key, state) if isinstance(state, dict) else state
    return {name.removeprefix("module.").removeprefix("net."): value for name, value in state.items()}


def kair(state):
    """BasicSR's names as KAIR's."""
    pairs = [(".rdb", ".RDB"), ("conv_body", "trunk_conv"), ("body.", "RRDB_trunk."), ("conv_up", "upconv"), ("conv_hr", "HRconv")]
    out = {}
    for name, value in state.items():
        for theirs, ours in pairs:
            name = name.replace(theirs, ours)
        out[name] = value
    return out


def rrdbnet(state):
    state = kair(state)
    blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("RRDB_trunk."))
    first, dense = state["conv_first.weight"], state["RRDB_trunk.0.RDB1.conv1.weight"]
    net = torch_nets.build("rrdbnet", nf=first.shape[0], nb=blocks, gc=dense.shape[0])
    net.load_state_dict(state)
    return lambda image: net.double()(image)


def adnet(state):
    net = torch_nets.build("adnet", width=state["conv1_1.0.weight"].shape[0])
    net.load_state_dict(state)
    net = net.double().eval()
    return lambda image: net(image.flip(1)).flip(1)


def indi(state, steps):
    channels = state["linear.bias"].shape[0]
    blocks = len({name.split(".")[1] for name in state if name.startswith("encoder.")})
    factor = state["encoder.0.conv1.depth.bias"].shape[0] - channels
    net = torch_nets.build("indi", channels=channels, factor=factor, blocks=blocks)
    net.load_state_dict(state)
    net = net.double().eval()

    def run(image):
        x = image.flip(1) / 255
        for k in range(steps):
            t = 1 - k / steps
            share = 1 / (steps * t)
            x = share * net(x, torch.full((1, 1), t, dtype=torch.float64)) + (1 - share) * x
        return x.flip(1) * 255

    return run


def small(state):
    """With results of 0 to 1/255, as a network has that learned so: made-up ones are up to 700 times as large, and with them PyTorch in
    32 bits is 7 codes from PyTorch in 64."""
    state["process.weight"] = state["process.weight"] / 255 / 600
    state["process.bias"] = state["process.bias"] / 255 / 600 + 0.5 / 255
    return state


def main():
    program, kind, weights = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    limit = float(sys.argv[4]) if len(sys.argv) > 4 else {"rrdbnet": 2.0}.get(kind, 1.0)
    jobs = {
        "rrdbnet": [(["upscale"], rrdbnet)],
        "adnet": [(["--method", "adnet", "--everywhere"], adnet)],
        "indi": [
            (["--method", f"indi:steps={n},order=bgr,scale=1/255", "--everywhere"], lambda state, n=n: indi(state, n)) for n in (1, 30)
        ],
    }[kind]
    image, failed = sample(48, 56), False
    exact = torch.from_numpy(image.astype(numpy.float64) / MOST).permute(2, 0, 1)[None]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        folder = pathlib.Path(folder)
        write(folder / "in.png", image)
        if kind == "indi":
            from safetensors.torch import save_file
            state, weights = small(load(weights)), folder / "indi.safetensors"
            save_file(state, weights)
        for words, net in jobs:
            out = folder / "out.png"
            command = [program, *words, str(folder / "in.png"), "--weights", str(weights), "--depth", "16", "--dither", "none"]
            subprocess.run([*command, "--overwrite", "--quiet", "-o", str(out)], check=True)
            want = (net(load(weights))(exact)[0].permute(1, 2, 0).clamp(0, 1) * MOST).numpy()
            apart = numpy.abs(read(out) - want).max()
            print(f"{weights.name}, {' '.join(words)}: {apart:.2f} codes of 16 bits apart")
            failed |= not apart <= limit
    sys.exit(failed)


main()
