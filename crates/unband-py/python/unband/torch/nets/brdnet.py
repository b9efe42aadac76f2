"""BRDNet (Tian, Xu, Zuo, Neural Networks 121, 2020), with the parameter count of BDINN's table: no bias before a normalisation.

Batch renormalisation is ordinary batch normalisation once trained.
"""

import torch
from torch import nn
from torch.nn import functional as F

_NORMALISED = (0, 8, 15)


class Layer(nn.Module):
    def __init__(self, inputs, width, normalised):
        super().__init__()
        apart = 1 if normalised else 2
        self.conv = nn.Conv2d(inputs, width, 3, padding=apart, dilation=apart, bias=not normalised)
        if normalised:
            self.bn = nn.BatchNorm2d(width, eps=1e-3)

    def forward(self, x):
        x = self.conv(x)
        return F.relu(self.bn(x) if hasattr(self, "bn") else x)


class BRDNet(nn.Module):
    """Any size."""

    def __init__(self, width=64):
        super().__init__()
        inputs = lambda i: 3 if i == 0 else width
        self.up = nn.Sequential(*(Layer(inputs(i), width, True) for i in range(16)))
        self.up_out = nn.Conv2d(width, 3, 3, padding=1)
        self.low = nn.Sequential(*(Layer(inputs(i), width, i in _NORMALISED) for i in range(16)))
        self.low_out = nn.Conv2d(width, 3, 3, padding=1)
        self.fuse = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, image):
        a = image - self.up_out(self.up(image))
        b = image - self.low_out(self.low(image))
        return image - self.fuse(torch.cat([a, b], 1))
