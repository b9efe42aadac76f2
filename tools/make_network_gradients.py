#!/usr/bin/env python3
"""Reference gradients of the small networks of golden/checkpoints, computed by PyTorch in 64 bits.

    tools/make_network_gradients.py golden/network_gradients.safetensors

For each file the network runs, for evaluation, on the image of its rule (`sample.given`); the loss is the sum over all outputs
of element times weight, where the weight of element i of output o is ((37 i + 11 o) mod 101) / 50 - 1. Of each tensor's
gradient, every n-th element is kept, `FILE/TENSOR`, at most 24, and its `#largest`; of each file, channels, height, width, and
the values of black and white of its `#picture`. Needs unband's package, torch and safetensors.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import torch_nets  # noqa: E402
from torch_nets import sample  # noqa: E402

FILES = {
    "adnet.pth": "adnet", "bdinn.pth": "bdinn", "bitnet.pth": "bitnet", "brdnet.pth": "brdnet", "deepdeband_f.pth": "deepdeband-f",
    "ggdbn.pth": "ggdbn", "indi_trainer.pth": "indi", "pix2pix_patchgan.pth": "pix2pix-patchgan", "rrdbnet_module.pth": "rrdbnet",
    "uformer_t.pth": "uformer-t", "unband_lite.safetensors": "unband-lite", "unband_jpeg.safetensors": "unband-jpeg",
    "unband_sr_lite.safetensors": "unband-sr-lite",
    "unband_sr_lite_x2.safetensors": "unband-sr-lite:x2", "unet_sn.pth": "unet-sn", "vgg_discriminator.pth": "vgg-discriminator",
    "dbi.safetensors": "dbi",
}
KEPT = 24


def gradients(path, name):
    """By tensor, row-major."""
    net, _ = torch_nets.load(path)
    outputs = net.double()(sample.picture(name), *sample.beside(name))
    loss = 0
    for o, out in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
        weights = (37 * torch.arange(out.numel()) + 11 * o) % 101 / 50 - 1
        loss = loss + (out.flatten() * weights.double()).sum()
    loss.backward()
    return {key: p.grad.flatten() for key, p in net.named_parameters() if p.grad is not None}


def main():
    folder = pathlib.Path(__file__).parent.parent / "golden" / "checkpoints"
    kept = {}
    for file, name in FILES.items():
        for key, gradient in gradients(folder / file, name).items():
            kept[f"{file}/{key}"] = gradient[:: -(-len(gradient) // KEPT)].float().contiguous()
            # Its magnitude, for comparison.
            kept[f"{file}/{key}#largest"] = gradient.abs().max().float().reshape(1)
        kept[f"{file}#picture"] = torch.tensor([*sample.size(name), *sample.span(name)]).float()
    save_file(kept, sys.argv[1], {"torch": torch.__version__})


if __name__ == "__main__":
    main()
