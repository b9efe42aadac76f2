"""unband-lite, our own network; layers as in `unband-nets`, `arch/unband_lite.rs`."""

import torch
from torch import nn
from torch.nn import functional as F

_RGB = ((1, 0, 1.402), (1, -0.3441363, -0.7141363), (1, 1.772, 0))


class UnbandLite(nn.Module):
    """Pictures, what is known of their samples (9 channels) and of their grids (12 numbers). Sides are multiples of 4, from 32 on."""

    def __init__(self, widths=(48, 64, 96, 96)):
        super().__init__()
        block = lambda n, dilation=1: nn.Conv2d(n, n, 3, padding=dilation, dilation=dilation)
        self.head = nn.Conv2d(16 * 12, widths[0], 1)
        self.grid = nn.Linear(12, widths[0])
        self.encoder = nn.ModuleDict({str(i): block(n) for i, n in enumerate(widths[:3]) if i})
        self.down = nn.ModuleList(nn.Conv2d(n, m, 2, 2) for n, m in zip(widths, widths[1:]))
        self.coarse = nn.ModuleList(block(widths[3], dilation) for dilation in (1, 2, 4))
        self.up = nn.ModuleList(nn.Conv2d(m, n, 1) for n, m in zip(widths, widths[1:]))
        self.decoder = nn.ModuleList(block(n) for n in widths[:3])
        self.tail = nn.Conv2d(widths[0], 48, 1)
        self.register_buffer("rgb", torch.tensor(_RGB).float().reshape(3, 3, 1, 1), persistent=False)

    def forward(self, image, cells, grid):
        x = self.head(F.pixel_unshuffle(torch.cat([image, cells], 1), 4))
        x = F.relu(x + self.grid(grid)[:, :, None, None])
        features = []
        for level, down in enumerate(self.down):
            if level:
                x = x + F.relu(self.encoder[str(level)](x))
            features.append(x)
            x = F.relu(down(features[-1]))
        for conv in self.coarse:
            x = x + F.relu(conv(x))
        for conv, up, feature in reversed(list(zip(self.decoder, self.up, features))):
            x = feature + F.interpolate(up(x), size=feature.shape[2:], mode="bilinear", align_corners=False)
            x = x + F.relu(conv(x))
        change = F.pixel_shuffle(self.tail(x), 4) + cells[:, :3]
        return image + F.conv2d(change * grid[:, :3, None, None], self.rgb)
