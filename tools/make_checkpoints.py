#!/usr/bin/env python3
"""Test checkpoints written by PyTorch in every common file format, with PyTorch's results.

    tools/make_checkpoints.py golden/checkpoints        # small ones
    tools/make_checkpoints.py --full FOLDER             # one of each network at its published width: 2 GB, for the test of
                                                        # UNBAND_FULL_CHECKPOINTS=FOLDER

Needs unband's package, torch, torchvision, numpy, safetensors and lightning. Weights are drawn with a seed.
`expected.json` lists the expected content of each file; `expected.safetensors` holds the results for the image of
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
import torchvision
from safetensors.torch import save_file
from torch import nn

import torch_nets
from torch_nets import sample

warnings.filterwarnings("ignore")


class Trainer(lightning.LightningModule):
    def __init__(self, lr=4e-4, steps=30):
        super().__init__()
        self.save_hyperparameters()
        self.net = sample.drawn("indi", 6, True)

    def training_step(self, batch, _):
        return (self.net(batch[0], torch.ones(len(batch[0]), 1)) - batch[0]).abs().mean()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


def esrgan_old(name, doublings, inner):
    """Index in a sequence of the first release; `inner` is the suffix of conv5."""
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
    """A TorchScript archive without source locations, which name folders of the machine that wrote it."""
    before = torch.jit.load(path)(*inputs)
    with zipfile.ZipFile(path) as a:
        kept = [(entry.filename, a.read(entry)) for entry in a.infolist() if not entry.filename.endswith(".debug_pkl")]
    with zipfile.ZipFile(path, "w") as b:
        for name, content in kept:
            b.writestr(zipfile.ZipInfo(name), content)
    assert torch.equal(torch.jit.load(path)(*inputs), before)


class Folder:
    """Destination and expected content of the files."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(exist_ok=True)
        for old in self.path.glob("*"):
            if old.suffix in (".pth", ".pt", ".ckpt", ".json", ".safetensors"):
                old.unlink()
        self.files, self.about, self.results = {}, {}, {}

    def __truediv__(self, name):
        return self.path / name

    def says(self, name, result, container, tensors, wrapper=(), prefix="", spellings=(), aside=()):
        assert (self.path / name).exists(), name
        self.files[name] = {"result": result, "network": self.about[result]["network"], "container": container,
                            "tensors": tensors, "wrapper": list(wrapper), "prefix": prefix, "spellings": list(spellings),
                            "alternatives": list(aside)}

    def result(self, result, network, net, state=None):
        """Results of this network, optionally with another's weights. Of long results, every 31st value is kept."""
        if state is not None:
            net = net.double()
            net.load_state_dict({name: tensor.double() for name, tensor in state.items()})
        outputs = sample.given(network, net.eval())
        most = max(output.numel() for output in outputs)
        step = 1 if most < 10_000 else 31
        self.about[result] = {
            "network": network.split(":")[0], "input": sample.size(network), "span": sample.span(network), "step": step,
            "shapes": [list(output.shape[1:]) for output in outputs], "parameters": torch_nets.parameters(net),
            "single": (sample.given(network, net, torch.float32)[0] - outputs[0]).abs().max().item()}
        for i, output in enumerate(outputs):
            self.results[f"{result}.{i}"] = output.flatten()[::step].float().contiguous()

    def close(self):
        save_file(self.results, self / "expected.safetensors")
        about = {"torch": torch.__version__, "lightning": lightning.__version__, "results": dict(sorted(self.about.items())),
                 "files": dict(sorted(self.files.items()))}
        (self / "expected.json").write_text(json.dumps(about, indent=1) + "\n")


def kinds_of_files(folder):
    """RRDBNet x4 in every format."""
    net = sample.drawn("rrdbnet", 1, True)
    folder.result("rrdbnet_x4", "rrdbnet", net)
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
    folder.says("rrdbnet_module.pth", "rrdbnet_x4", "torch-zip", n)
    folder.says("rrdbnet.pth", "rrdbnet_x4", "torch-zip", n)
    folder.says("rrdbnet_legacy.pth", "rrdbnet_x4", "torch-legacy", n)
    folder.says("rrdbnet_protocol4.pth", "rrdbnet_x4", "torch-zip", n)
    folder.says("rrdbnet_parallel.pth", "rrdbnet_x4", "torch-zip", n, ["state_dict"], "module.")
    folder.says("rrdbnet_esrgan_old.pth", "rrdbnet_x4", "torch-legacy", n, spellings=["EsrganOld"])
    folder.says("rrdbnet.safetensors", "rrdbnet_x4", "safetensors", n)
    folder.says("rrdbnet_no_sums.pth", "rrdbnet_x4", "torch-zip", n)
    folder.says("rrdbnet_packed.pth", "rrdbnet_x4", "torch-zip", n)
    return state


def layouts(folder, state):
    """The same weights in unusual layouts: channels last, views of one storage, one element for all."""
    n = len(state)
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
    folder.result("rrdbnet_views", "rrdbnet", torch_nets.build("rrdbnet", small=True), odd)
    torch.save(odd, folder / "rrdbnet_views.pth")
    torch.save(odd, folder / "rrdbnet_views_legacy.pth", _use_new_zipfile_serialization=False)
    folder.says("rrdbnet_views.pth", "rrdbnet_views", "torch-zip", n)
    folder.says("rrdbnet_views_legacy.pth", "rrdbnet_views", "torch-legacy", n)

    for kind in (torch.float16, torch.bfloat16, torch.float64):
        word = str(kind).split(".")[1]
        small = {k: v.to(kind) for k, v in state.items()}
        name = f"rrdbnet_{word}"
        folder.result(name, "rrdbnet", torch_nets.build("rrdbnet", small=True), small)
        if kind == torch.bfloat16:
            save_file(small, folder / f"{name}.safetensors")
            folder.says(f"{name}.safetensors", name, "safetensors", n)
        torch.save(small, folder / f"{name}.pth")
        folder.says(f"{name}.pth", name, "torch-zip", n)


def other_names(folder):
    """RRDBNet x2 under KAIR's variant of the old names; Real-ESRGAN's, with averaged weights next to the last ones."""
    net = sample.drawn("rrdbnet:x2", 2, True, nf=5, gc=3)
    folder.result("rrdbnet_x2", "rrdbnet:x2", net)
    state = net.state_dict()
    torch.save(renamed(state, lambda k: esrgan_old(k, 1, "")), folder / "rrdbnet_x2_kair_old.pth")
    folder.says("rrdbnet_x2_kair_old.pth", "rrdbnet_x2", "torch-zip", len(state), spellings=["EsrganOld"])

    net = sample.drawn("rrdbnet:x2-unshuffle", 3, True, nb=1)
    folder.result("rrdbnet_unshuffle", "rrdbnet:x2-unshuffle", net)
    state = renamed(net.state_dict(), basic_sr)
    last = {k: torch.zeros_like(v) for k, v in state.items()}
    torch.save({"params": last, "params_ema": state}, folder / "rrdbnet_x2_basicsr.pth")
    folder.says("rrdbnet_x2_basicsr.pth", "rrdbnet_unshuffle", "torch-zip", len(state), ["params_ema"],
                spellings=["BasicSr"], aside=["params"])


def indi(folder):
    """INDI: traced, with PyTorch's newer normalisation, and from trainers."""
    net = sample.drawn("indi", 4, True)
    n = len(net.state_dict())
    image, time = sample.picture("indi").float(), torch.ones(1, 1)
    torch.jit.trace(net, (image, time)).save(folder / "indi_traced.pt")
    without_debug(folder / "indi_traced.pt", image, time)
    folder.result("indi_traced", "indi", net)
    folder.says("indi_traced.pt", "indi_traced", "torchscript", n)

    net = sample.drawn("indi", 5, True)
    for layer in [module for module in net.modules() if hasattr(module, "weight_g")]:
        nn.utils.parametrizations.weight_norm(nn.utils.remove_weight_norm(layer))
    assert "conv.depth.parametrizations.weight.original0" in net.state_dict()
    torch.save({"generator": net.state_dict()}, folder / "indi_parametrized.pth")
    folder.result("indi_parametrized", "indi", net)
    folder.says("indi_parametrized.pth", "indi_parametrized", "torch-zip", n, ["generator"], spellings=["Parametrizations"])

    # Nothing to be found: the weights are constants of the code.
    plain = sample.drawn("indi", 5, True, norm=None)
    torch.jit.freeze(torch.jit.trace(plain, (image, time))).save(folder / "indi_frozen.pt")
    without_debug(folder / "indi_frozen.pt", image, time)

    trainer = Trainer()
    run = lightning.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False,
                            enable_progress_bar=False, enable_model_summary=False)
    run.fit(trainer, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(image), batch_size=1))
    run.save_checkpoint(folder / "indi_lightning.ckpt")
    folder.result("indi_lightning", "indi", trainer.net)
    folder.says("indi_lightning.ckpt", "indi_lightning", "torch-zip", n, ["state_dict"], "net.")

    trained(folder, "indi", "indi_trainer.pth", sample.drawn("indi", 7, True))


def patchgans(folder):
    """KAIR's discriminator with its other normalisations, under its names from before and since 2021."""
    for seed, (norm, children) in enumerate((("batch", True), ("batch", False), ("batchspectral", False), ("spectral", False))):
        net = sample.drawn("patchgan-sn", 600 + seed, True, norm=norm, children=children)
        result = f"patchgan_{norm}_{'children' if children else 'numbers'}"
        folder.result(result, "patchgan-sn", net)
        torch.save(net.state_dict(), folder / f"{result}.pth")
        folder.says(f"{result}.pth", result, "torch-zip", len(net.state_dict()))


def trained(folder, name, file, net):
    """As GGDBN's trainer saves it, after a step of an optimiser."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 70)
    image = sample.picture(name).float()
    outputs = net(image, torch.ones(1, 1)) if name == "indi" else net(image)
    (outputs[0] if isinstance(outputs, tuple) else outputs).abs().mean().backward()
    optimizer.step()
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
                "epoch": 7, "best_psnr": np.float64(31.5)}, folder / file)
    result = file.rsplit(".", 1)[0]
    folder.result(result, name, net)
    folder.says(file, result, "torch-zip", len(net.state_dict()), ["model"])


def classifier(theirs, state, widths):
    """Tensors of the layers after the features, which torchvision's files contain and nothing here reads."""
    weights = [key for key in theirs if key.startswith("classifier.") and key.endswith("weight")]
    # The last layer, of which SqueezeNet has two in parallel.
    channels = lambda tensors: len([v for k, v in tensors.items() if k.startswith("features.") and k.endswith("bias")][-1])
    inputs, made = theirs[weights[0]].shape[1] * channels(state) // channels(theirs), {}
    for key, outputs in zip(weights, widths, strict=True):
        made[key] = torch.randn(outputs, inputs, *theirs[key].shape[2:]) / inputs**0.5
        made[key.replace("weight", "bias")] = torch.randn(outputs)
        inputs = outputs
    return made


# Networks whose files are only their state dict, as an archive or, in older files, as a sequence of pickles.
ARCHIVES = ("bitnet", "bdinn", "brdnet", "deepdeband-f", "unet-sn", "vgg-discriminator", "vgg-discriminator:96",
            "vgg-discriminator:192", "vgg-discriminator:128-sn", "patchgan-sn", "rrdbnet:x1-unshuffle")
LEGACY = ("adnet", "pix2pix-patchgan")
# torchvision's, with widths of the classifier of a small file, and those of its full file.
CLASSIFIED = {"vgg16": ((8, 6, 10), (4096, 4096, 1000)), "vgg19": ((8, 6, 10), (4096, 4096, 1000)),
              "alexnet": ((8, 6, 10), (4096, 4096, 1000)), "squeezenet": ((10,), (1000,))}


def every_network(folder, small):
    """One file of each network except those of `indi` and `rrdbnet`, as its authors' programs save it."""
    word = lambda name: name.replace(":", "_").replace("-", "_")

    def drawn(seed, name, **options):
        net = sample.drawn(name, seed, small, **options)
        folder.result(word(name), name, net)
        return net, net.state_dict(), f"{word(name)}.pth"

    for seed, name in enumerate(ARCHIVES, 100):
        _, state, file = drawn(seed, name)
        torch.save(state, folder / file)
        folder.says(file, word(name), "torch-zip", len(state))
    for seed, name in enumerate(LEGACY, 200):
        # ADNet's authors train it in parallel.
        prefix = "module." if name == "adnet" else ""
        _, state, file = drawn(seed, name)
        torch.save(renamed(state, lambda key: prefix + key), folder / file, _use_new_zipfile_serialization=False)
        folder.says(file, word(name), "torch-legacy", len(state), prefix=prefix)
    for seed, (name, widths) in enumerate(CLASSIFIED.items(), 300):
        net, state, file = drawn(seed, name)
        with torch.device("meta"):
            theirs = getattr(torchvision.models, {"squeezenet": "squeezenet1_1"}.get(name, name))().state_dict()
        state.update(classifier(theirs, state, widths[0 if small else 1]))
        assert list(state) == list(theirs), name
        assert small or [v.shape for v in state.values()] == [v.shape for v in theirs.values()], name
        torch.save(state, folder / file)
        folder.says(file, word(name), "torch-zip", len(state))
    net, state, _ = drawn(400, "dbi")
    save_file(state, folder / "dbi.safetensors")
    folder.says("dbi.safetensors", "dbi", "safetensors", len(state))
    own(folder, small)
    net, state, file = drawn(401, "uformer-t")
    parallel = renamed(state, lambda key: "module." + key)
    torch.save({"epoch": 3, "state_dict": parallel, "optimizer": torch.optim.AdamW(net.parameters()).state_dict()},
               folder / file)
    folder.says(file, "uformer_t", "torch-zip", len(state), ["state_dict"], "module.")
    trained(folder, "ggdbn", "ggdbn.pth", sample.drawn("ggdbn", 402, small))


def own(folder, small):
    """unband's networks, as unband-train saves them."""
    net = sample.drawn("unband-lite", 403, small)
    folder.result("unband_lite", "unband-lite", net)
    save_file(net.state_dict(), folder / "unband_lite.safetensors")
    folder.says("unband_lite.safetensors", "unband_lite", "safetensors", len(net.state_dict()))
    for seed, name in enumerate(("unband-sr-lite", "unband-sr-lite:x2", "unband-jpeg"), 404):
        result = name.replace(":", "_").replace("-", "_")
        net = sample.drawn(name, seed, small)
        folder.result(result, name, net)
        save_file(net.state_dict(), folder / f"{result}.safetensors")
        folder.says(f"{result}.safetensors", result, "safetensors", len(net.state_dict()))


def full(folder):
    """Also the main files of RRDBNet and INDI."""
    for seed, name in enumerate(("rrdbnet", "rrdbnet:x2", "rrdbnet:x2-unshuffle"), 500):
        result = name.replace(":", "_").replace("-", "_")
        net = sample.drawn(name, seed, False)
        folder.result(result, name, net)
        torch.save(net.state_dict(), folder / f"{result}.pth")
        folder.says(f"{result}.pth", result, "torch-zip", len(net.state_dict()))
    net = sample.drawn("indi", 510, False)
    image, time = sample.picture("indi").float(), torch.ones(1, 1)
    torch.jit.trace(net, (image, time)).save(folder / "indi.pt")
    folder.result("indi", "indi", net)
    folder.says("indi.pt", "indi", "torchscript", len(net.state_dict()))


def main():
    *options, path = sys.argv[1:]
    assert options in ([], ["--full"]), __doc__
    folder = Folder(path)
    if options:
        full(folder)
    else:
        layouts(folder, kinds_of_files(folder))
        other_names(folder)
        indi(folder)
        patchgans(folder)
    every_network(folder, small=not options)
    folder.close()


main()
