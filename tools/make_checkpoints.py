#!/usr/bin/env python3
"""Writes small checkpoints with PyTorch, in each kind of file that people have, and what PyTorch gives for them.

    tools/make_checkpoints.py golden/checkpoints

Needs torch, numpy, safetensors and lightning. The networks are RRDBNet and INDI's with few channels; weights are drawn with
a seed. `expected.json` says of each file what a reader should find; `expected.safetensors` holds the results for the picture of
`crates/unband-nets/src/state/fill.rs`, computed in 64 bits.
"""

import collections
import json
import pathlib
import sys
import warnings
import zipfile

import lightning
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
HEIGHT, WIDTH = 6, 8


class DenseBlock(nn.Module):
    def __init__(self, nf, gc):
        super().__init__()
        for i in range(1, 5):
            setattr(self, f"conv{i}", nn.Conv2d(nf + (i - 1) * gc, gc, 3, 1, 1))
        self.conv5 = nn.Conv2d(nf + 4 * gc, nf, 3, 1, 1)

    def forward(self, x):
        seen = [x]
        for i in range(1, 5):
            seen.append(F.leaky_relu(getattr(self, f"conv{i}")(torch.cat(seen, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(seen, 1))


class Block(nn.Module):
    def __init__(self, nf, gc):
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (DenseBlock(nf, gc) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class RRDBNet(nn.Module):
    def __init__(self, nf=4, nb=2, gc=2, doublings=2, unshuffle=1):
        super().__init__()
        self.doublings, self.unshuffle = doublings, unshuffle
        self.conv_first = nn.Conv2d(3 * unshuffle**2, nf, 3, 1, 1)
        self.RRDB_trunk = nn.Sequential(*(Block(nf, gc) for _ in range(nb)))
        self.trunk_conv = nn.Conv2d(nf, nf, 3, 1, 1)
        for i in range(1, doublings + 1):
            setattr(self, f"upconv{i}", nn.Conv2d(nf, nf, 3, 1, 1))
        self.HRconv = nn.Conv2d(nf, nf, 3, 1, 1)
        self.conv_last = nn.Conv2d(nf, 3, 3, 1, 1)

    def forward(self, x):
        if self.unshuffle > 1:
            x = F.pixel_unshuffle(x, self.unshuffle)
        first = self.conv_first(x)
        y = first + self.trunk_conv(self.RRDB_trunk(first))
        for i in range(1, self.doublings + 1):
            y = F.leaky_relu(getattr(self, f"upconv{i}")(F.interpolate(y, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.HRconv(y), 0.2))


class Conv(nn.Module):
    def __init__(self, norm, *args, **more):
        super().__init__()
        self.depth = norm(nn.Conv2d(*args, **more))

    def forward(self, x):
        return self.depth(x)


class Stage(nn.Module):
    """A step down (three convolutions from conv1 on) or up (from conv2 on)."""

    def __init__(self, norm, first, channels, out, time, stride):
        super().__init__()
        self.names = [f"conv{first + i}" for i in range(3)]
        for name, (a, s) in zip(self.names, ((channels, stride), (out, 1), (out, 1))):
            setattr(self, name, Conv(norm, a, out, 3, s, 1))
        self.one = Conv(norm, out, out, 1)
        self.emb_layer = nn.Sequential(nn.SiLU(), nn.Linear(time, out))

    def forward(self, x, time):
        a, b, c = (getattr(self, name) for name in self.names)
        h = torch.sin(a(x)) + self.emb_layer(time)[:, :, None, None]
        return torch.sin(c(torch.sin(b(h)))) + h


class Scale(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(1, channels))


class Indi(nn.Module):
    def __init__(self, norm=nn.utils.weight_norm, channels=4, factor=3, blocks=2):
        super().__init__()
        widths = [channels + i * factor for i in range(blocks + 1)]
        self.conv = Conv(norm, 3, channels, 3, 1, 1)
        self.linear = nn.Linear(1, channels)
        self.encoder = nn.ModuleList(
            Stage(norm, 1, widths[i], widths[i + 1], channels, 2) for i in range(blocks))
        self.decoder = nn.ModuleList(
            Stage(norm, 2, widths[blocks - i], widths[blocks - i - 1], channels, 1) for i in range(blocks))
        self.linearAct = Scale(widths[-1])
        self.process = nn.Conv2d(channels, 3, 1)

    def forward(self, image, t):
        time = self.linear(t)
        x = F.silu(self.conv(image))
        features = [x]
        for stage in self.encoder:
            x = stage(x, time)
            features.append(x)
        for stage, feature in zip(self.decoder, reversed(features)):
            x = x[:, :, : feature.shape[2], : feature.shape[3]] + feature
            x = stage(F.interpolate(x, scale_factor=2, mode="nearest"), time)
        first = features[0]
        return self.process(first + x[:, :, : first.shape[2], : first.shape[3]])


class Trainer(lightning.LightningModule):
    def __init__(self, lr=4e-4, steps=30):
        super().__init__()
        self.save_hyperparameters()
        self.net = Indi()

    def training_step(self, batch, _):
        return (self.net(batch[0], torch.ones(len(batch[0]), 1)) - batch[0]).abs().mean()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def picture():
    at = lambda k, y, x: ((7 * y + 13 * x + 31 * k + (x * y) % 17) % 256) / 255
    rows = [[[at(k, y, x) for x in range(WIDTH)] for y in range(HEIGHT)] for k in range(3)]
    return torch.tensor([rows], dtype=torch.float64)


def esrgan_old(name, doublings, inner):
    """The first release's place in a sequence; `inner` is what conv5 has behind it."""
    up = [f"model.{3 * i}" for i in range(1, doublings + 1)]
    ends = {"HRconv": f"model.{3 * doublings + 2}", "conv_last": f"model.{3 * doublings + 4}"}
    part, end = name.rsplit(".", 1)
    if part.startswith("RRDB_trunk."):
        own = inner if part.endswith("conv5") else ".0"
        return f"model.1.sub.{part[len('RRDB_trunk.'):]}{own}.{end}"
    if part.startswith("upconv"):
        return f"{up[int(part[6:]) - 1]}.{end}"
    names = {"conv_first": "model.0", "trunk_conv": "model.1.sub.2", **ends}
    return f"{names[part]}.{end}"


def basic_sr(name):
    names = {"trunk_conv": "conv_body", "upconv1": "conv_up1", "upconv2": "conv_up2", "HRconv": "conv_hr"}
    part, rest = name.split(".", 1)
    if part == "RRDB_trunk":
        return "body." + rest.replace("RDB", "rdb")
    return f"{names.get(part, part)}.{rest}"


def renamed(state, rename):
    return collections.OrderedDict((rename(name), tensor) for name, tensor in state.items())


def without_debug(path, *inputs):
    """A TorchScript archive without the places of its source, which name folders of the machine that made it."""
    before = torch.jit.load(path)(*inputs)
    with zipfile.ZipFile(path) as a:
        kept = [(entry.filename, a.read(entry)) for entry in a.infolist() if not entry.filename.endswith(".debug_pkl")]
    with zipfile.ZipFile(path, "w") as b:
        for name, content in kept:
            b.writestr(zipfile.ZipInfo(name), content)
    assert torch.equal(torch.jit.load(path)(*inputs), before)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*"):
        if old.suffix in (".pth", ".pt", ".ckpt", ".json", ".safetensors"):
            old.unlink()
    expected, results = {}, {}
    image = picture()

    def says(name, result, container, tensors, wrapper=(), prefix="", spellings=(), aside=()):
        assert (folder / name).exists(), name
        network = "rrdbnet" if result.startswith("rrdbnet") else "indi"
        expected[name] = {"result": result, "network": network, "container": container, "tensors": tensors,
                          "wrapper": list(wrapper), "prefix": prefix, "spellings": list(spellings),
                          "aside": list(aside)}

    def result(name, model, state=None):
        model.eval()
        with torch.no_grad():
            double = model.double()
            if state:
                double.load_state_dict({k: v.double() for k, v in state.items()})
            out = double(image) if isinstance(double, RRDBNet) else double(image, torch.ones(1, 1).double())
        results[name] = out[0].float().contiguous()

    # RRDBNet, ×4.
    torch.manual_seed(1)
    net = RRDBNet()
    state = net.state_dict()
    n = len(state)
    torch.save(net, folder / "rrdbnet_module.pth")
    torch.save(state, folder / "rrdbnet.pth")
    torch.save(state, folder / "rrdbnet_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(state, folder / "rrdbnet_protocol4.pth", pickle_protocol=4)
    torch.save({"state_dict": renamed(state, lambda k: "module." + k), "epoch": 3}, folder / "rrdbnet_parallel.pth")
    torch.save(renamed(state, lambda k: esrgan_old(k, 2, ".0")), folder / "rrdbnet_esrgan_old.pth",
               _use_new_zipfile_serialization=False)
    save_file(state, folder / "rrdbnet.safetensors", metadata={"format": "pt"})
    torch.serialization.set_crc32_options(False)
    torch.save(state, folder / "rrdbnet_no_sums.pth")
    torch.serialization.set_crc32_options(True)
    with zipfile.ZipFile(folder / "rrdbnet.pth") as a:
        with zipfile.ZipFile(folder / "rrdbnet_packed.pth", "w", zipfile.ZIP_DEFLATED) as b:
            for entry in a.infolist():
                b.writestr(zipfile.ZipInfo(entry.filename), a.read(entry), zipfile.ZIP_DEFLATED)
    says("rrdbnet_module.pth", "rrdbnet_x4", "torch-zip", n)
    says("rrdbnet.pth", "rrdbnet_x4", "torch-zip", n)
    says("rrdbnet_legacy.pth", "rrdbnet_x4", "torch-legacy", n)
    says("rrdbnet_protocol4.pth", "rrdbnet_x4", "torch-zip", n)
    says("rrdbnet_parallel.pth", "rrdbnet_x4", "torch-zip", n, ["state_dict"], "module.")
    says("rrdbnet_esrgan_old.pth", "rrdbnet_x4", "torch-legacy", n, spellings=["EsrganOld"])
    says("rrdbnet.safetensors", "rrdbnet_x4", "safetensors", n)
    says("rrdbnet_no_sums.pth", "rrdbnet_x4", "torch-zip", n)
    says("rrdbnet_packed.pth", "rrdbnet_x4", "torch-zip", n)

    # The same numbers, laid out as no network needs them: channels last, views of one storage, one number for all.
    odd = collections.OrderedDict()
    biases = torch.cat([v.reshape(-1) for k, v in state.items() if k.endswith("bias")])
    at = 0
    for name, tensor in state.items():
        if name.endswith("bias"):
            odd[name] = biases[at : at + len(tensor)]
            at += len(tensor)
        else:
            odd[name] = tensor.contiguous(memory_format=torch.channels_last)
    odd["conv_last.bias"] = torch.full((1,), 0.25).expand(3)
    assert not odd["trunk_conv.weight"].is_contiguous()
    torch.save(odd, folder / "rrdbnet_views.pth")
    torch.save(odd, folder / "rrdbnet_views_legacy.pth", _use_new_zipfile_serialization=False)
    says("rrdbnet_views.pth", "rrdbnet_views", "torch-zip", n)
    says("rrdbnet_views_legacy.pth", "rrdbnet_views", "torch-legacy", n)

    for kind in (torch.float16, torch.bfloat16, torch.float64):
        word = str(kind).split(".")[1]
        small = {k: v.to(kind) for k, v in state.items()}
        name = f"rrdbnet_{word}"
        if kind == torch.bfloat16:
            save_file(small, folder / f"{name}.safetensors")
            says(f"{name}.safetensors", name, "safetensors", n)
        torch.save(small, folder / f"{name}.pth")
        result(name, RRDBNet(), small)
        says(f"{name}.pth", name, "torch-zip", n)
    result("rrdbnet_views", RRDBNet(), odd)
    result("rrdbnet_x4", net)

    # ×2, KAIR's variant of the old names.
    net = RRDBNet(nf=5, nb=2, gc=3, doublings=1)
    state = net.state_dict()
    torch.save(renamed(state, lambda k: esrgan_old(k, 1, "")), folder / "rrdbnet_x2_kair_old.pth")
    says("rrdbnet_x2_kair_old.pth", "rrdbnet_x2", "torch-zip", len(state), spellings=["EsrganOld"])
    result("rrdbnet_x2", net)

    # Real-ESRGAN's ×2: the picture folded into twelve channels; averaged weights beside the last ones.
    net = RRDBNet(nb=1, unshuffle=2)
    state = renamed(net.state_dict(), basic_sr)
    last = {k: torch.zeros_like(v) for k, v in state.items()}
    torch.save({"params": last, "params_ema": state}, folder / "rrdbnet_x2_basicsr.pth")
    says("rrdbnet_x2_basicsr.pth", "rrdbnet_unshuffle", "torch-zip", len(state), ["params_ema"],
         spellings=["BasicSr"], aside=["params"])
    result("rrdbnet_unshuffle", net)

    # INDI: traced, with PyTorch's newer normalisation, and from trainers.
    net = Indi()
    n = len(net.state_dict())
    net.eval()
    inputs = (torch.zeros(1, 3, HEIGHT, WIDTH), torch.ones(1, 1))
    torch.jit.trace(net, inputs).save(folder / "indi_traced.pt")
    without_debug(folder / "indi_traced.pt", *inputs)
    says("indi_traced.pt", "indi_traced", "torchscript", n)
    result("indi_traced", net)

    net = Indi(nn.utils.parametrizations.weight_norm)
    assert "conv.depth.parametrizations.weight.original0" in net.state_dict()
    torch.save({"generator": net.state_dict()}, folder / "indi_parametrized.pth")
    says("indi_parametrized.pth", "indi_parametrized", "torch-zip", n, ["generator"], spellings=["Parametrizations"])
    result("indi_parametrized", net)

    # Nothing to be found: the numbers are constants of the code.
    torch.jit.freeze(torch.jit.trace(Indi(lambda conv: conv).eval(), inputs)).save(folder / "indi_frozen.pt")
    without_debug(folder / "indi_frozen.pt", *inputs)

    trainer = Trainer()
    run = lightning.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
                            enable_progress_bar=False, enable_model_summary=False)
    run.fit(trainer, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(image.float()), batch_size=1))
    run.save_checkpoint(folder / "indi_lightning.ckpt")
    says("indi_lightning.ckpt", "indi_lightning", "torch-zip", n, ["state_dict"], "net.")
    result("indi_lightning", trainer.net)

    net = Indi()
    optimizer = torch.optim.AdamW(net.parameters(), 1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 70)
    net(image.float(), torch.ones(1, 1)).abs().mean().backward()
    optimizer.step()
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
                "epoch": 7, "best_psnr": np.float64(31.5)}, folder / "indi_trainer.pth")
    says("indi_trainer.pth", "indi_trainer", "torch-zip", n, ["model"])
    result("indi_trainer", net)

    save_file(results, folder / "expected.safetensors")
    about = {"torch": torch.__version__, "lightning": lightning.__version__, "height": HEIGHT, "width": WIDTH, "t": 1,
             "files": dict(sorted(expected.items()))}
    (folder / "expected.json").write_text(json.dumps(about, indent=1) + "\n")


main()
