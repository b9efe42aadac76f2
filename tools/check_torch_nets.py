#!/usr/bin/env python3
"""Compares the modules of `torch_nets` with results of the authors' code in golden/nets (see its README).

    tools/check_torch_nets.py golden/nets

The classifier of the Deep Banding Index is not among them: its authors' results need its authors' weights. Needs torch,
torchvision, numpy and safetensors. Names, shapes and their order must be those of the authors' state dicts, results agree to
1e-9 of the largest magnitude (1e-5 for those that are stored in 32 bits). The exit status is 1 if anything differs.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torchvision
from safetensors.numpy import load_file

import torch_nets

# Network, name of its state dict, name of its results, and which of those with their sizes; `a/b` is b of a.
FIRST = (
    ("adnet", "adnet", "adnet", {"out_32x32": (32, 32)}),
    ("bitnet", "bitnet", "bitnet", {"out_32x32": (32, 32)}),
    ("brdnet", "brdnet", "brdnet", {"out_32x32": (32, 32)}),
    ("uformer-t", "uformer_t", "uformer_t", {"out_128x128": (128, 128)}),
    ("ggdbn", "ggdbn", "ggdbn", {"32x32/out": (32, 32), "32x32/grad": (32, 32), "48x64/out": (48, 64)}),
    ("indi", "indi", "indi", {}),
    ("bdinn", "bdinn", "bdinn", {}),
    ("deepdeband-f", "pix2pix_unet256", "pix2pix", {"G_eval_256": (256, 256)}),
    ("pix2pix-patchgan", "pix2pix_patchgan", "pix2pix", {"D_eval_256": (256, 256)}),
)


def filled(state, scale=1.0):
    """Weights of the first rule."""
    out = {}
    for t, (name, tensor) in enumerate(state.items()):
        if not tensor.is_floating_point():
            out[name] = tensor
            continue
        i = np.arange(tensor.numel(), dtype=np.uint64)
        h = (i * 2654435761 + t * 40503 + 12345) & 0xFFFFFFFF
        h ^= h >> 15
        h = (h * 2246822519) & 0xFFFFFFFF
        h ^= h >> 13
        u = h.astype(np.float64) / 2**32
        s = 2 * u - 1
        last = name.rsplit(".", 1)[-1]
        if last == "running_var":
            values = 1 + 0.5 * u
        elif last == "running_mean":
            values = 0.1 * s
        elif last == "weight_g":
            values = 1 + 0.1 * s
        elif tensor.dim() >= 2:
            values = s * np.sqrt(3 / (tensor.numel() / tensor.shape[0]))
        elif last == "weight":
            values = 0.25 + 0.05 * s if tensor.numel() == 1 else 1 + 0.1 * s
        else:
            values = 0.1 * s
        out[name] = torch.from_numpy((values.astype(np.float32) * np.float32(scale))).reshape(tensor.shape)
        if scale != 1 and name.endswith("conv_rotation.bias"):
            out[name][1] += 1.0
    return out


def scaled(state, gain=1.0):
    """Weights of the second rule."""
    out = {}
    for t, (name, tensor) in enumerate(state.items()):
        h = (np.arange(tensor.numel(), dtype=np.uint64) + 0x9E3779B9 * (t + 1)) & 0xFFFFFFFF
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
        v = 2 * ((h ^ (h >> 16)).astype(np.float64) / 2**32) - 1
        if tensor.dim() >= 2:
            v *= np.sqrt(3 * gain / (tensor.numel() / tensor.shape[0]))
        elif name.endswith(("weight_u", "weight_v")):
            v /= np.sqrt((v**2).sum())
        else:
            v *= 0.05
        out[name] = torch.from_numpy(v.astype(np.float32)).reshape(tensor.shape)
    return out


def picture(channels, height, width, factors=(31, 7, 13), period=17):
    k, y, x = np.ogrid[:channels, :height, :width]
    of_channel, of_row, of_column = factors
    codes = (of_row * y + of_column * x + of_channel * k + (x * y) % period) % 256
    return torch.from_numpy(codes / 255)[None]


def ready(name, fill, **options):
    net = torch_nets.build(name, **options)
    net.load_state_dict(fill(net.state_dict()))
    return net.double().eval()


def first(out):
    return out[0] if isinstance(out, tuple) else out


class Report:
    def __init__(self):
        self.failed = False

    def say(self, what, worst, allowed):
        self.failed |= not worst <= allowed
        print(f"{'ok  ' if worst <= allowed else 'FAIL'} {what}: {worst:.1e}")

    def whole(self, what, out, want, allowed=1e-5):
        want = torch.from_numpy(want.astype(np.float64))
        self.say(what, ((out.reshape(want.shape) - want).abs().max() / want.abs().max()).item(), allowed)

    def statistics(self, what, out, want):
        assert list(out.shape) == want["shape"], (what, out.shape)
        flat = out.flatten()
        apart = [abs(flat.mean().item() - want["mean"]), abs(flat.std(unbiased=False).item() - want["std"])]
        apart += [abs(flat[int(at)].item() - value) for at, value in want["at"].items()]
        self.say(what, max(apart) / want["abs_max"], 1e-9)

    def names(self, what, state, lines):
        shape = lambda tensor: "x".join(map(str, tensor.shape)) or "scalar"
        ours = [(name, shape(tensor), "int64" if tensor.dtype == torch.int64 else "float32") for name, tensor in state.items()]
        theirs = [tuple(line.split("\t")[1:4]) for line in lines]
        differ = sum(a != b for a, b in zip(ours, theirs)) + abs(len(ours) - len(theirs))
        self.say(f"{what}, {len(theirs)} tensors", differ, 0)


def first_rule(report, folder):
    for name, states, results, sizes in FIRST:
        lines = (folder / f"{states}.state.tsv").read_text().splitlines()
        report.names(name, torch_nets.build(name).state_dict(), lines)
        golden = json.loads((folder / f"{results}.json").read_text())
        options = {"side": 128} if name == "uformer-t" else {}
        net = ready(name, filled, **options) if sizes else None
        for key, size in sizes.items():
            image = picture(3, *size)
            image = 2 * image - 1 if results == "pix2pix" else image
            image = torch.cat([image, image], 1) if name == "pix2pix-patchgan" else image
            want = golden
            for part in key.split("/"):
                want = want[part]
            out = net(image)
            report.statistics(f"{name} {key}", out[1] if key.endswith("grad") else first(out), want)


def more_of_the_first(report, folder):
    """INDI also takes a time; BDINN runs with a tenth of the weights."""
    golden = json.loads((folder / "indi.json").read_text())
    net = ready("indi", filled)
    for height, width, time in ((32, 32, 1.0), (32, 32, 0.5), (33, 50, 1.0), (33, 50, 0.5)):
        key = f"{height}x{width}_t{time}"
        report.statistics(f"indi {key}", net(picture(3, height, width), torch.tensor([[time]]).double()), golden[key])
    golden = json.loads((folder / "bdinn.json").read_text())["bdinn"]["out_64x64"]
    net = ready("bdinn", lambda state: filled(state, 0.1))
    report.statistics("bdinn 64x64", torch.cat(net(picture(3, 64, 64)), 1), golden)


def second_rule(report, folder):
    golden = load_file(folder / "second_rule.safetensors")
    image = lambda height, width: picture(3, height, width, (29, 13, 7), 31)
    tiny = {"nf": 8, "nb": 2, "gc": 4}
    for size, options, place in (("tiny", tiny, (10, 12)), ("full", {}, (12, 14))):
        for scale, name in (("sf4", "rrdbnet"), ("sf2", "rrdbnet:x2")):
            out = ready(name, scaled, **options)(image(*place))
            report.whole(f"{name} {size}", out, golden[f"rrdbnet/{size}_{scale}"])
    net = ready("unet-sn", scaled, width=8)
    net.train()
    report.whole("unet-sn, first step", net(image(32, 40)), golden["unet_disc/ndf8_train_1st_forward"])
    for _ in range(4):
        net(image(32, 40))
    net.eval()
    report.whole("unet-sn, after five", net(image(32, 40)), golden["unet_disc/ndf8_eval_after_5_train_forwards"])
    net = ready("patchgan-sn", scaled, width=8).train()
    report.whole("patchgan-sn, first step", net(image(48, 56)), golden["patchgan/ndf8_train_1st_forward"])


def features(report, folder):
    """Means of the features' magnitudes, and the tensor names of torchvision's own modules."""
    golden = json.loads((folder / "second_rule.json").read_text())
    image = picture(3, 64, 72, (29, 13, 7), 31)
    for name, key, own in (("alexnet", "alex", "alexnet"), ("vgg16", "vgg", "vgg16"), ("squeezenet", "squeeze", "squeezenet1_1"),
                           ("vgg19", None, "vgg19")):
        net = ready(name, lambda state: scaled(state, 2.0))
        with torch.device("meta"):
            theirs = getattr(torchvision.models, own)().features.state_dict()
        lines = [f"\tfeatures.{k}\t{'x'.join(map(str, v.shape))}\tfloat32" for k, v in theirs.items()]
        report.names(name, net.state_dict(), lines)
        if key:
            want = golden["lpips"][key]["tap_abs_mean"]
            apart = [abs(tap.abs().mean().item() / mean - 1) for tap, mean in zip(net(image), want, strict=True)]
            report.say(f"{name} features", max(apart), 1e-6)


def main():
    folder = pathlib.Path(sys.argv[1])
    report = Report()
    with torch.no_grad():
        first_rule(report, folder)
        more_of_the_first(report, folder)
        second_rule(report, folder)
        features(report, folder)
    sys.exit(report.failed)


main()
