"""RRDBNet, the generator of ESRGAN, BSRNet, BSRGAN and Real-ESRGAN (cszn/KAIR, models/network_rrdbnet.py)."""

import torch
from torch import nn
from torch.nn import functional as F


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
    """`doublings` of the size after an `unshuffle` that divides it: 2 and 1 for x4, 1 and 1 for BSRGAN's x2, 2 and 2 for
    Real-ESRGAN's x2, 2 and 4 for BasicSR's x1."""

    def __init__(self, nf=64, nb=23, gc=32, doublings=2, unshuffle=1):
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
            larger = F.interpolate(y, scale_factor=2.0, mode="nearest")
            y = F.leaky_relu(getattr(self, f"upconv{i}")(larger), 0.2)
        return self.conv_last(F.leaky_relu(self.HRconv(y), 0.2))
