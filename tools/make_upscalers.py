#!/usr/bin/env python3
"""Small upscaling networks of others with drawn weights, and their results, as spandrel runs them.

    tools/make_upscalers.py golden/upscalers

Needs unband's package, torch, spandrel and safetensors. Each network goes to NAME.safetensors, as PyTorch's state dict; `expected.safetensors` has its
result for the image of `crates/unband-nets/src/state/fill.rs`, computed in 64 bits.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact.__arch.SRVGG import SRVGGNetCompact
from spandrel.architectures.PLKSR import RealPLKSR
from spandrel.architectures.SPAN import SPAN
from spandrel.architectures.SwinIR import SwinIR

from torch_nets.sample import rule


def swinir(upsampler, upscale, connection="1conv"):
    return SwinIR(img_size=16, in_chans=3, embed_dim=12, depths=[2, 2], num_heads=[2, 2], window_size=4, mlp_ratio=2.0, upscale=upscale,
                  img_range=1.0, upsampler=upsampler, resi_connection=connection)


NETWORKS = {
    "compact-x4": lambda: SRVGGNetCompact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=3, upscale=4, act_type="prelu"),
    "compact-x1": lambda: SRVGGNetCompact(num_in_ch=3, num_out_ch=3, num_feat=8, num_conv=2, upscale=1, act_type="prelu"),
    "span-x4": lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8, upscale=4),
    "realplksr-x4": lambda: RealPLKSR(dim=16, n_blocks=2, upscaling_factor=4, kernel_size=9),
    "realplksr-x2-layer-norm": lambda: RealPLKSR(dim=12, n_blocks=3, upscaling_factor=2, kernel_size=7, use_ea=False, layer_norm=True),
    "swinir-x2": lambda: swinir("pixelshuffle", 2),
    "swinir-x3-direct": lambda: swinir("pixelshuffledirect", 3),
    "swinir-x4-nearest": lambda: swinir("nearest+conv", 4, "3conv"),
    "span-x2-no-norm": lambda: SPAN(num_in_ch=3, num_out_ch=3, feature_channels=6, upscale=2, norm=False),
}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, build in NETWORKS.items():
        torch.manual_seed(7)
        net = build()
        # Biases too, which some modules start at 0.
        for parameter in net.parameters():
            if parameter.ndim == 1:
                torch.nn.init.uniform_(parameter, -0.2, 0.3)
        if name.startswith("swinir"):
            net = net.half()  # files of 16 bits
        state = {key: tensor.detach().contiguous().clone() for key, tensor in net.state_dict().items()}
        save_file(state, folder / f"{name}.safetensors")
        with torch.no_grad():
            expected[name] = net.double().eval()(rule(3, 12, 16))[0].contiguous()
    save_file(expected, folder / "expected.safetensors")


main(pathlib.Path(sys.argv[1]))
