#!/usr/bin/env python3
"""Times the banded deformable convolution of the Python package against its authors' layer, forward and backward, in turns.

    taskset -c 0 tools/bench_banded_layer.py BDeformConv_layer.py

The file is that of csxyhe/BDINN, which is not part of unband. Needs the installed package with PyTorch. Times are processor
seconds, of one thread; both layers have the same state. The gradients by the input are compared with those of the authors'
layer in 64 bits: their own 32 bits are off by up to 5 % where an offset is nearly a whole sample.
"""

import importlib.util
import sys
import time
import types

import numpy as np
import torch

from unband.torch import BandedDeformConv2d

CASES = [(16, 16, 3, 2, 96), (32, 32, 3, 4, 64), (32, 32, (3, 5), 2, 96), (64, 64, 3, 1, 64)]
ROUNDS = 9


def step(layer, x, weights):
    """Forward and backward; seconds."""
    x = x.detach().requires_grad_()
    layer.zero_grad()
    start = time.process_time()
    (layer(x) * weights).sum().backward()
    return time.process_time() - start, x.grad


def apart(gradient, exact):
    """Largest difference, as a share of the largest value."""
    return float((gradient - exact).abs().max() / exact.abs().max())


def main():
    # The layer's file measures itself with a package that nothing here needs.
    sys.modules["thop"] = types.ModuleType("thop")
    spec = importlib.util.spec_from_file_location("layer", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    for inc, outc, kernel, images, side in CASES:
        theirs = module.BDeformConv(inc, outc, kernel, bias=False, max_sscale=3, min_sscale=0.5, isReScale=True, init_angle=20)
        ours = BandedDeformConv2d(inc, outc, kernel, bias=False, init_angle=20)
        for name, parameter in ours.named_parameters():
            if name.endswith("weight") and name != "conv.weight":
                torch.nn.init.normal_(parameter, std=0.02)
        theirs.load_state_dict(ours.state_dict(), strict=False)
        x, weights = torch.randn(images, inc, side, side), torch.randn(images, outc, side, side)
        exact = module.BDeformConv(inc, outc, kernel, bias=False, max_sscale=3, min_sscale=0.5, isReScale=True, init_angle=20)
        exact.double().load_state_dict(ours.state_dict(), strict=False)
        torch.set_default_dtype(torch.float64)
        _, exact = step(exact, x.double(), weights.double())
        torch.set_default_dtype(torch.float32)
        times = [(step(theirs, x, weights), step(ours, x, weights)) for _ in range(ROUNDS)]
        (_, a), (_, b) = times[0]
        ratios = [a[0] / b[0] for a, b in times[1:]]
        print(
            f"{images} × {inc} × {side} × {side} → {outc}, kernel {kernel}: authors {1000 * np.median([a[0] for a, _ in times[1:]]):.1f} ms, "
            f"unband {1000 * np.median([b[0] for _, b in times[1:]]):.1f} ms, ratio {np.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}); "
            f"largest error of the gradient: authors {apart(a, exact):.1e}, unband {apart(b, exact):.1e}"
        )


if __name__ == "__main__":
    main()
