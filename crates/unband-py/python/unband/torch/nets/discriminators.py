"""Discriminators: pix2pix's, and those of cszn/KAIR, models/network_discriminator.py."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm


class Pix2PixPatchGan(nn.Module):
    """N x 6 x H x W, the banded image and the image to judge, values of -1 to 1 -> logits of patches of 70 x 70."""

    def __init__(self, width=64):
        super().__init__()
        parts = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for inputs, outputs, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
            parts += [nn.Conv2d(inputs * width, outputs * width, 4, stride, 1, bias=False),
                      nn.BatchNorm2d(outputs * width), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*parts, nn.Conv2d(8 * width, 1, 4, 1, 1))

    def forward(self, pair):
        return self.model(pair)


class PatchGan(nn.Module):
    """Logits of patches of 70 x 70. `norm`: "spectral", "batch", "instance", "batchspectral". Layers are named `model.childN.0`
    as since 2021, or `model.N`."""

    def __init__(self, width=64, norm="spectral", children=True):
        super().__init__()
        keep = spectral_norm if "spectral" in norm else (lambda conv: conv)
        between = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}.get(norm.removesuffix("spectral"))
        widths = (3, width, 2 * width, 4 * width, 8 * width, 1)
        layers = []
        for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            normed = between and 0 < i < 4
            bias = children or not (normed and "batch" in norm)
            layers.append([keep(nn.Conv2d(inputs, outputs, 4, 2 if i < 3 else 1, 2, bias=bias))])
            if normed:
                layers[i].append(between(outputs))
            if i < 4:
                layers[i].append(nn.LeakyReLU(0.2))
        if children:
            named = [(f"child{i}", nn.Sequential(*parts)) for i, parts in enumerate(layers)]
        else:
            named = [(str(i), part) for i, part in enumerate(part for parts in layers for part in parts)]
        self.model = nn.Sequential(OrderedDict(named))

    def forward(self, x):
        return self.model(x)


class UNetSN(nn.Module):
    """A logit per sample; sides are multiples of 8."""

    def __init__(self, width=64):
        super().__init__()
        normed = lambda *sizes: spectral_norm(nn.Conv2d(*sizes, bias=False))
        self.conv0 = nn.Conv2d(3, width, 3, 1, 1)
        for i in range(1, 4):
            setattr(self, f"conv{i}", normed(width << (i - 1), width << i, 4, 2, 1))
        for i in range(4, 7):
            setattr(self, f"conv{i}", normed(width << (7 - i), width << (6 - i), 3, 1, 1))
        self.conv7 = normed(width, width, 3, 1, 1)
        self.conv8 = normed(width, width, 3, 1, 1)
        self.conv9 = nn.Conv2d(width, 1, 3, 1, 1)

    def forward(self, x):
        layer = lambda i, x: F.leaky_relu(getattr(self, f"conv{i}")(x), 0.2)
        seen = []
        for i in range(4):
            x = layer(i, x)
            seen.append(x)
        for i in range(3):
            larger = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = layer(4 + i, larger) + seen[2 - i]
        return self.conv9(layer(8, layer(7, x)))


class VggDiscriminator(nn.Module):
    """Images of one size -> one logit."""

    def __init__(self, side=128, width=64):
        super().__init__()
        pairs = 6 if side == 192 else 5
        parts, inputs = [], 3
        for pair in range(pairs):
            outputs = width << min(pair, 3)
            for conv in (nn.Conv2d(inputs, outputs, 3, 1, 1), nn.Conv2d(outputs, outputs, 4, 2, 1)):
                parts.append(conv)
                # The first convolution is followed directly by the second.
                if len(parts) > 1:
                    parts += [nn.BatchNorm2d(outputs, eps=1e-4), nn.LeakyReLU(0.2)]
            inputs = outputs
        rest = side >> pairs
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(nn.Linear(inputs * rest * rest, 100), nn.LeakyReLU(0.2), nn.Linear(100, 1))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class VggDiscriminatorSN(nn.Module):
    """Images of 128 x 128 -> one logit; spectral normalisation throughout."""

    def __init__(self, width=64):
        super().__init__()
        inputs = 3
        for i in range(10):
            outputs = width << min(i // 2, 3)
            sizes = (3, 1, 1) if i % 2 == 0 else (4, 2, 1)
            setattr(self, f"conv{i}", spectral_norm(nn.Conv2d(inputs, outputs, *sizes)))
            inputs = outputs
        self.linear0 = spectral_norm(nn.Linear(inputs * 16, 100))
        self.linear1 = spectral_norm(nn.Linear(100, 1))

    def forward(self, x):
        for i in range(10):
            x = F.leaky_relu(getattr(self, f"conv{i}")(x), 0.2)
        return self.linear1(F.leaky_relu(self.linear0(x.flatten(1)), 0.2))
