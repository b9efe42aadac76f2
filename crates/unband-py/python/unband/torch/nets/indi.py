"""INDI: a U-net with sine activations, conditioned on a time (ksasso1028/indi-debanding, models/unet2d.py and blocks.py)."""

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    def __init__(self, norm, *sizes, **more):
        super().__init__()
        self.depth = norm(nn.Conv2d(*sizes, **more))

    def forward(self, x):
        return self.depth(x)


class Stage(nn.Module):
    """A step down (three convolutions from conv1 on) or up (from conv2 on)."""

    def __init__(self, norm, first, channels, out, time, stride):
        super().__init__()
        self.names = [f"conv{first + i}" for i in range(3)]
        for name, (inputs, step) in zip(self.names, ((channels, stride), (out, 1), (out, 1))):
            setattr(self, name, Conv(norm, inputs, out, 3, step, 1))
        # Stored, never used.
        self.one = Conv(norm, out, out, 1)
        self.emb_layer = nn.Sequential(nn.SiLU(), nn.Linear(time, out))

    def forward(self, x, time):
        a, b, c = (getattr(self, name) for name in self.names)
        h = torch.sin(a(x)) + self.emb_layer(time)[:, :, None, None]
        return torch.sin(c(torch.sin(b(h)))) + h


class Scale(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(1, channels))


class Indi(nn.Module):
    """`image` of any size and `t`, N x 1, 1 for a banded image. `norm` is the weight normalisation, `None` for plain weights."""

    def __init__(self, channels=24, factor=24, blocks=4, norm=nn.utils.weight_norm):
        super().__init__()
        norm = norm or (lambda conv: conv)
        widths = [channels + i * factor for i in range(blocks + 1)]
        self.linear = nn.Linear(1, channels)
        self.conv = Conv(norm, 3, channels, 3, 1, 1)
        self.encoder = nn.ModuleList(
            Stage(norm, 1, widths[i], widths[i + 1], channels, 2) for i in range(blocks))
        self.decoder = nn.ModuleList(
            Stage(norm, 2, widths[blocks - i], widths[blocks - i - 1], channels, 1) for i in range(blocks))
        self.linearAct = Scale(widths[-1])
        self.process = nn.Conv2d(channels, 3, 1)

    def forward(self, image, t):
        time = self.linear(t)
        x = F.silu(self.conv(image))
        features = [x]
        for stage in self.encoder:
            x = stage(x, time)
            features.append(x)
        for stage, feature in zip(self.decoder, reversed(features)):
            x = x[:, :, : feature.shape[2], : feature.shape[3]] + feature
            x = stage(F.interpolate(x, scale_factor=2.0, mode="nearest"), time)
        first = features[0]
        return self.process(first + x[:, :, : first.shape[2], : first.shape[3]])
