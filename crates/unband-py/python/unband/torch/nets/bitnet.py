"""BitNet, rebuilt from its paper's abstract (Byun, Shim, Kim, ACCV 2018); layers as in `unband-nets`, `arch/bitnet.rs`."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """3x3 convolution and a rectifier with one slope per channel."""

    def __init__(self, n, stride=1, dilation=1):
        super().__init__()
        self.conv = nn.Conv2d(n, n, 3, stride, dilation, dilation)
        self.act = nn.PReLU(n)

    def forward(self, x):
        return self.act(self.conv(x))


def larger(x, like):
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


class BitNet(nn.Module):
    """Any size."""

    def __init__(self, width=64, gate=16):
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.head_act = nn.PReLU(width)
        self.head2 = Block(width)
        self.enc = nn.ModuleList(
            nn.ModuleList([Block(width), Block(width, dilation=2), Block(width, stride=2)]) for _ in range(3))
        self.mid = nn.Sequential(*(Block(width, dilation=1 << i) for i in range(4)))
        self.dec = nn.ModuleList(
            nn.ModuleList([Block(width), Block(width, dilation=2), Block(width)]) for _ in range(3))
        self.gate_down = nn.Conv2d(4 * width, gate, 1)
        self.gate_up = nn.Conv2d(gate, 4 * width, 1)
        self.mix = nn.Conv2d(4 * width, width, 1)
        self.tail1 = Block(width)
        self.tail2 = Block(width)
        self.tail = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, image):
        full = x = self.head2(self.head_act(self.head(image)))
        features = []
        for first, second, down in self.enc:
            features.append(second(first(x)))
            x = down(features[-1])
        x = self.mid(x)
        scales = [x]
        for (first, second, third), feature in zip(reversed(self.dec), reversed(features)):
            x = third(second(first(larger(x, feature)) + feature))
            scales.append(x)
        x = torch.cat([larger(scale, full) for scale in scales], 1)
        gate = torch.sigmoid(self.gate_up(F.relu(self.gate_down(x.mean((2, 3), keepdim=True)))))
        return image + self.tail(self.tail2(self.tail1(self.mix(x * gate))))
