#!/usr/bin/env python3
"""Writes golden/nets/banded_layer.safetensors from the authors' banded deformable convolution.

    tools/make_banded_layer.py BDeformConv_layer.py

The file is that of csxyhe/BDINN, commit 583fd74; it is read, never copied. Needs torch, torchvision and safetensors. Everything is
computed in 64 bits and stored in 32. For each combination of kernel, limits, angle, re-scaling and groups:
`NAME.rotation` and `NAME.stretch` are the biases that the layer starts with, `NAME.start` its output with these and the shared
kernel, `NAME.forward` the output with the shared generators, and `NAME.grad.*` the gradients of Σ forward · probe.
"""

import importlib.util
import itertools
import sys
import types

import torch
from safetensors.torch import save_file

KERNELS = {"3x3": 3, "3x5": (3, 5), "5x3": (5, 3)}
LIMITS = {"none": (None, None), "0.5_3": (0.5, 3), "0.5_2": (0.5, 2)}
ANGLES = [0, 17.5, 30, 45, 90, -20]
CHANNELS, HEIGHT, WIDTH = 4, 5, 6


def main():
    # The layer's file measures itself with a package that nothing here needs.
    sys.modules["thop"] = types.ModuleType("thop")
    spec = importlib.util.spec_from_file_location("layer", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.set_default_dtype(torch.float64)
    draw = torch.Generator().manual_seed(58)
    random = lambda *shape, scale=1.0: ((torch.rand(*shape, generator=draw) * 2 - 1) * scale).float().double()
    shared = {
        "x": random(1, CHANNELS, HEIGHT, WIDTH),
        "probe": random(1, CHANNELS, HEIGHT, WIDTH),
        "rotation.weight": random(2, CHANNELS, 3, 3, scale=0.1),
        "stretch.weight": random(1, CHANNELS, 3, 3, scale=0.1),
        "whole.weight": random(1, CHANNELS, 3, 3, scale=0.1),
        "whole.bias": torch.tensor([0.2]).float().double(),
    }
    for (kernel, size), groups in itertools.product(KERNELS.items(), (1, 2)):
        rows, columns = (size, size) if isinstance(size, int) else size
        shared[f"conv.{kernel}.g{groups}"] = random(CHANNELS, CHANNELS // groups, rows, columns, scale=0.3)
    out = {name: value.float().contiguous() for name, value in shared.items()}
    for kernel, limits, angle, rescale, groups in itertools.product(KERNELS, LIMITS, ANGLES, (True, False), (1, 2)):
        least, largest = LIMITS[limits]
        layer = module.BDeformConv(CHANNELS, CHANNELS, KERNELS[kernel], groups=groups, bias=False, max_sscale=largest,
                                   min_sscale=least, isReScale=rescale, init_angle=angle)
        name = f"{kernel}.{limits}.{angle}.{'rescale' if rescale else 'fixed'}.g{groups}"
        with torch.no_grad():
            layer.conv.weight.copy_(shared[f"conv.{kernel}.g{groups}"])
            out[f"{name}.rotation"] = layer.conv_rotation.bias.detach().clone()
            out[f"{name}.stretch"] = layer.conv_stretch.bias.detach().clone()
            out[f"{name}.start"] = layer(shared["x"])
            layer.conv_rotation.weight.copy_(shared["rotation.weight"])
            layer.conv_stretch.weight.copy_(shared["stretch.weight"])
            if rescale:
                layer.conv_whole.weight.copy_(shared["whole.weight"])
                layer.conv_whole.bias.copy_(shared["whole.bias"])
            # Weights of 32 bits, as the file has them.
            for parameter in layer.parameters():
                parameter.copy_(parameter.float().double())
        x = shared["x"].clone().requires_grad_()
        y = layer(x)
        out[f"{name}.forward"] = y
        (y * shared["probe"]).sum().backward()
        out[f"{name}.grad.x"] = x.grad
        for key, parameter in layer.named_parameters():
            out[f"{name}.grad.{key}"] = parameter.grad
    out = {name: value.detach().float().contiguous() for name, value in out.items()}
    save_file(out, "golden/nets/banded_layer.safetensors")
    print(len(out), "tensors")


main()
