"""The light network of the benchmarks (`crates/unband-infer/benches/shared/light_networks.rs`)."""

import torch
from torch import nn
from torch.nn import functional


class Light(nn.Module):
    """Pixel-unshuffle by 4, six convolutions of 64 channels with a skip each, back by pixel-shuffle, plus the image."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(48, 64, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv2d(64, 64, 3, padding=1) for _ in range(6))
        self.tail = nn.Conv2d(64, 48, 3, padding=1)

    def forward(self, image):
        x = self.head(functional.pixel_unshuffle(image, 4))
        for conv in self.body:
            x = torch.relu(conv(x)) + x
        return functional.pixel_shuffle(self.tail(x), 4) + image
