"""unband-lite, unband's debanding network; layers as in `unband-nets`, `arch/unband_lite.rs`."""

import torch
from torch import nn
from torch.nn import functional as F

_RGB = ((1, 0, 1.402), (1, -0.3441363, -0.7141363), (1, 1.772, 0))


class Block(nn.Conv2d):
    """x + relu(conv(x))."""

    def __init__(self, width, dilation=1):
        super().__init__(width, width, 3, padding=dilation, dilation=dilation)

    def forward(self, x):
        return x + F.relu(super().forward(x))


class UnbandLite(nn.Module):
    """Images, conditioning per sample (9 channels) and of their grids (12 scalars). Sides are multiples of 32."""

    def __init__(self, widths=(48, 64, 96, 96), encoder=(0, 1, 1), coarse=3, decoder=(1, 1, 1)):
        super().__init__()
        blocks = lambda counts: nn.ModuleList(nn.Sequential(*(Block(n) for _ in range(k))) for n, k in zip(widths, counts))
        self.head = nn.Conv2d(48 + 3 + 16 * 9 + 3 + 3, widths[0], 1)
        self.grid = nn.Linear(12, widths[0])
        self.encoder = blocks(encoder)
        self.down = nn.ModuleList(nn.Conv2d(n, m, 2, 2) for n, m in zip(widths, widths[1:]))
        self.scale = nn.ModuleList(nn.Conv2d(3, n, 1) for n in widths[1:3])
        self.coarse = nn.Sequential(*(Block(widths[3], 2 ** (n % 3)) for n in range(coarse)))
        self.up = nn.ModuleList(nn.Conv2d(m, n, 1) for n, m in zip(widths, widths[1:]))
        self.decoder = blocks(decoder)
        self.tail = nn.Conv2d(widths[0], 48, 1)
        rgb = torch.tensor(_RGB).double().reshape(3, 3, 1, 1)
        self.register_buffer("rgb", rgb.float(), persistent=False)
        self.register_buffer("yuv", torch.linalg.inv(rgb.flatten(1)).reshape(3, 3, 1, 1).float(), persistent=False)

    def forward(self, image, cells, grid):
        step = 2 ** grid[:, 3:6, None, None]
        planes = 255 * F.conv2d(image, self.yuv)
        relative = lambda x, mean: torch.tanh((x - F.interpolate(mean, size=x.shape[2:], mode="nearest")) / (2 * step))
        means = [F.avg_pool2d(planes, 4)]
        for _ in range(3):
            means.append(F.avg_pool2d(means[-1], 2))
        scales = [relative(fine, mean) for fine, mean in zip(means, means[1:])]
        seen = F.pixel_unshuffle(relative(planes, means[0]), 4)
        x = self.head(torch.cat([seen, scales[0], F.pixel_unshuffle(cells, 4), means[0] / 255, torch.tanh(means[0] / (2 * step))], 1))
        x = F.relu(x + self.grid(grid)[:, :, None, None])
        features = []
        for level, down in enumerate(self.down):
            features.append(self.encoder[level](x))
            x = F.relu(down(features[-1]))
            if level < 2:
                x = x + self.scale[level](scales[level + 1])
        x = self.coarse(x)
        for decoder, up, feature in reversed(list(zip(self.decoder, self.up, features))):
            x = decoder(feature + F.interpolate(up(x), size=feature.shape[2:], mode="bilinear", align_corners=False))
        answered = torch.ones_like(step)
        # Luma without a grid in a YUV image keeps the surface.
        answered[:, 0, 0, 0] -= F.relu(grid[:, 9] - grid[:, 6])
        change = F.pixel_shuffle(self.tail(x), 4) * answered + cells[:, :3]
        return image + F.conv2d(change * grid[:, :3, None, None], self.rgb)
