#!/usr/bin/env python3
"""Times the recipe `bsrgan` of the Python package against its authors' code, in turns, in processor seconds.

    taskset -c 0 tools/bench_degrade.py BSRGAN [IMAGE]

BSRGAN: a clone of cszn/BSRGAN, which is not part of unband. Needs the installed package, NumPy, OpenCV, PyTorch and SciPy. Both
degrade the same windows of 288 × 288 samples by 4, on one processor. Draws differ, so that many windows are measured.
"""

import pathlib
import random
import sys
import time

import cv2
import numpy as np
import scipy
import scipy.interpolate
import torch

import unband

SIDE, ROUNDS, EACH = 288, 10, 8


class Shifted:
    """`interp2d`, which newer versions of SciPy lack: the authors' code shifts kernels and images with it."""

    def __init__(self, x, y, z):
        self.spline = scipy.interpolate.RectBivariateSpline(y, x, z, kx=1, ky=1)

    def __call__(self, x, y):
        return self.spline(np.clip(y, *self.spline.get_knots()[0][[0, -1]]), np.clip(x, *self.spline.get_knots()[1][[0, -1]]))


def main():
    # Names that newer versions of SciPy lack.
    scipy.interpolate.interp2d, scipy.finfo = Shifted, np.finfo
    sys.path.insert(0, sys.argv[1])
    from utils.utils_blindsr import degradation_bsrgan

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    path = sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "examples/sunset.png"
    image = unband.open(path).array[:, :, :3]
    windows = np.random.default_rng(1)
    degrade = unband.Degrade("bsrgan", seed=1)
    random.seed(1)
    np.random.seed(1)
    theirs, ours = [], []
    for turn in range(ROUNDS):
        parts = []
        for _ in range(EACH):
            top, left = (windows.integers(0, size - SIDE + 1) for size in image.shape[:2])
            parts.append(np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE]))
        start = time.process_time()
        for part in parts:
            degradation_bsrgan(part.astype(np.float32) / 255, sf=4, lq_patchsize=64)
        middle = time.process_time()
        for i, part in enumerate(parts):
            degrade.pair(part, EACH * turn + i)
        theirs.append((middle - start) / EACH)
        ours.append((time.process_time() - middle) / EACH)
    ratios = sorted(a / b for a, b in zip(theirs, ours))
    print(f"authors {1000 * np.median(theirs):.1f} ms, unband {1000 * np.median(ours):.1f} ms for a window (median of {ROUNDS} turns)")
    print(f"ratio: median {np.median(ratios):.1f}, lowest turn {ratios[0]:.1f}, highest {ratios[-1]:.1f}")


if __name__ == "__main__":
    main()
