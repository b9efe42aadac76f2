"""BDINN: an invertible multi-scale network with banded deformable convolutions at the coarsest scale (Quan et al., Neural Networks 187, 2025).

The layer is that of csxyhe/BDINN, BDeformConv_layer.py; details that the paper leaves open are as in `unband-nets`, `arch/bdinn`.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import deform_conv2d


class BandedDeformConv(nn.Module):
    """A convolution whose kernel is rotated and stretched per position; its sides are odd."""

    def __init__(self, inputs, outputs, kernel=(3, 5), limits=(0.5, 3.0)):
        super().__init__()
        rows, columns = kernel
        at = lambda n: torch.arange(n) - n // 2
        base = torch.stack([axis.flatten() for axis in torch.meshgrid(at(rows), at(columns), indexing="ij")])
        self.register_buffer("base_offset", base.view(1, 1, 1, 2, rows * columns))
        self.limits = limits
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=(rows // 2, columns // 2), bias=False)
        self.conv_rotation = nn.Conv2d(inputs, 2, 3, padding=1)
        self.conv_stretch = nn.Conv2d(inputs, 1, 3, padding=1)
        self.conv_whole = nn.Conv2d(inputs, 1, 3, padding=1)

    def forward(self, x):
        turn = self.conv_rotation(x)
        turn = turn / torch.sqrt((turn**2).sum(1, keepdim=True) + 1e-6)
        sine, cosine = turn.split(1, 1)
        least, largest = self.limits
        stretch = torch.tanh(self.conv_stretch(x)) * (largest - least) / 2 + (largest + least) / 2
        whole = 1 + F.relu(self.conv_whole(x))
        # N, taps, H, W each.
        rows, columns = self.base_offset.reshape(2, -1, 1, 1).to(x.dtype)
        stretched, wide = whole * stretch * rows, whole * columns
        moved = torch.stack([
            cosine * stretched + sine * wide - rows,
            cosine * wide - sine * stretched - columns,
        ], 2)
        return deform_conv2d(x, moved.flatten(1, 2), self.conv.weight, padding=self.conv.padding)


class Dense(nn.Module):
    """Four 3x3 convolutions, each reading the outputs of all earlier ones."""

    def __init__(self, inputs, outputs, growth):
        super().__init__()
        widths = [growth] * 3 + [outputs]
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs + i * growth, width, 3, padding=1) for i, width in enumerate(widths))

    def forward(self, x):
        for conv in self.convs[:3]:
            x = torch.cat([x, F.leaky_relu(conv(x), 0.2)], 1)
        return self.convs[3](x)


class Attended(nn.Module):
    """Channel attention around two banded convolutions, with two skip connections."""

    def __init__(self, width, inner, kernel):
        super().__init__()
        self.bd1 = BandedDeformConv(width, width, kernel)
        self.bd2 = BandedDeformConv(width, width, kernel)
        self.ca = nn.ModuleDict({"down": nn.Conv2d(width, inner, 1), "up": nn.Conv2d(inner, width, 1)})

    def forward(self, x):
        y = self.bd2(F.leaky_relu(self.bd1(x), 0.2))
        inside = F.relu(self.ca["down"](y.mean((2, 3), keepdim=True)))
        return y * torch.sigmoid(self.ca["up"](inside)) + y + x


class BandedFunction(nn.Module):
    def __init__(self, half, growth, width, inner, kernel):
        super().__init__()
        self.dense = Dense(half, width, growth)
        self.rcam = Attended(width, inner, kernel)
        self.out = nn.Conv2d(width, half, 1)

    def forward(self, x):
        return self.out(self.rcam(self.dense(x)))


class Coupling(nn.Module):
    """Each half of the channels is scaled and shifted by functions of the other half."""

    def __init__(self, function):
        super().__init__()
        self.phi1, self.psi1, self.phi2, self.psi2 = (function() for _ in range(4))

    @staticmethod
    def factor(h):
        return torch.exp(2 * torch.sigmoid(h) - 1)

    def forward(self, x):
        first, second = x.chunk(2, 1)
        second = second * self.factor(self.phi1(first)) + self.psi1(first)
        first = first * self.factor(self.phi2(second)) + self.psi2(second)
        return torch.cat([first, second], 1)


class BDINN(nn.Module):
    """Returns the clean image and its banding. Sides are multiples of 2 to the number of levels.

    `levels`: blocks on the way down and again up, and on the bypass, from fine to coarse.
    """

    def __init__(self, levels=((3, 3), (3, 1), (1, 2)), middle=2, growth=32, width=16, inner=4, kernel=(3, 5)):
        super().__init__()
        dense = lambda half: lambda: Dense(half, half, growth)
        chain = lambda channels, n: nn.Sequential(*(Coupling(dense(channels // 2)) for _ in range(n)))
        widths = [24 << i for i in range(len(levels))]
        half = widths[-1] // 2
        banded = lambda: BandedFunction(half // 2, growth, width, inner, kernel)
        self.enc = nn.ModuleList(chain(w, n) for w, (n, _) in zip(widths, levels))
        self.skip = nn.ModuleList(chain(w // 2, n) for w, (_, n) in zip(widths, levels))
        self.mid = nn.Sequential(*(Coupling(banded) for _ in range(middle)))
        self.dec = nn.ModuleList(chain(w, n) for w, (n, _) in zip(widths, levels))

    def forward(self, image):
        x = torch.cat([image, image], 1)
        around = []
        for down, skip in zip(self.enc, self.skip):
            skipped, x = down(F.pixel_unshuffle(x, 2)).chunk(2, 1)
            around.append(skip(skipped))
        x = self.mid(x)
        for up, skipped in zip(reversed(self.dec), reversed(around)):
            x = F.pixel_shuffle(up(torch.cat([skipped, x], 1)), 2)
        clean, banding = x.chunk(2, 1)
        return clean, banding
