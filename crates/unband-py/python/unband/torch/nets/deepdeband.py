"""deepDeband's generator, that of pix2pix (RaymondLZhou/deepDeband, pytorch-CycleGAN-and-pix2pix/models/networks.py, unet_256)."""

import torch
from torch import nn

LEVELS = 8


class Level(nn.Module):
    """One level with all levels inside it. Below the outermost, returns its input concatenated with its result."""

    def __init__(self, level, outside, width):
        super().__init__()
        self.outermost = level == 0
        innermost = level == LEVELS - 1
        inside = width << min(level, 3)
        down = nn.Conv2d(outside, inside, 4, 2, 1, bias=False)
        inner = [] if innermost else [Level(level + 1, inside, width)]
        up = nn.ConvTranspose2d(inside if innermost else 2 * inside, outside, 4, 2, 1, bias=self.outermost)
        if self.outermost:
            parts = [down, *inner, nn.ReLU(), up, nn.Tanh()]
        else:
            norm = [] if innermost else [nn.BatchNorm2d(inside)]
            parts = [nn.LeakyReLU(0.2), down, *norm, *inner, nn.ReLU(), up, nn.BatchNorm2d(outside)]
        if 4 <= level < LEVELS - 1:
            parts.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Generator(nn.Module):
    """Values of -1 to 1; sides are multiples of 256."""

    def __init__(self, width=64):
        super().__init__()
        self.model = Level(0, 3, width)

    def forward(self, image):
        return self.model(image)
