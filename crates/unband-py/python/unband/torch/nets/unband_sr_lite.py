"""unband-sr-lite, unband's upscaling network; layers as in `unband-nets`, `arch/unband_sr_lite.rs`."""

from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.act = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(self.act(self.conv1(x)))


class UnbandSrLite(nn.Module):
    """Images of any size, upscaled by `scale`."""

    def __init__(self, scale=4, widths=(48, 64), blocks=(1, 2, 2)):
        super().__init__()
        full, half = widths
        group = lambda count, width: nn.Sequential(*(Block(width) for _ in range(count)))
        self.scale = scale
        self.first = nn.Conv2d(3, full, 3, padding=1)
        self.before = group(blocks[0], full)
        self.down = nn.Conv2d(full, half, 3, stride=2, padding=1)
        self.down_act = nn.PReLU(half)
        self.half = group(blocks[1], half)
        self.up = nn.Conv2d(half, full, 1)
        self.after = group(blocks[2], full)
        self.head = nn.Conv2d(full, 3 * scale * scale, 3, padding=1)

    def forward(self, image):
        first = self.first(image)
        before = self.before(first)
        # `half` is already a method of modules.
        half = self.up(self._modules["half"](self.down_act(self.down(before))))
        back = F.interpolate(half, size=before.shape[2:], mode="bilinear", align_corners=False)
        detail = F.pixel_shuffle(self.head(self.after(back + before) + first), self.scale)
        return F.interpolate(image, size=detail.shape[2:], mode="bilinear", align_corners=False) + detail
