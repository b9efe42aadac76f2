"""Uformer (Wang et al., CVPR 2022; ZhendongWang6/Uformer, model.py): a U-net with window attention."""

import torch
from torch import nn
from torch.nn import functional as F

WINDOW = 8
_TOKENS = WINDOW * WINDOW


def windows(x):
    """N x H x W x C -> windows x tokens x C."""
    n, height, width, channels = x.shape
    x = x.reshape(n, height // WINDOW, WINDOW, width // WINDOW, WINDOW, channels)
    return x.transpose(2, 3).reshape(-1, _TOKENS, channels)


def unwindows(x, height, width):
    """The inverse of `windows`."""
    x = x.reshape(-1, height // WINDOW, width // WINDOW, WINDOW, WINDOW, x.shape[-1])
    return x.transpose(2, 3).reshape(-1, height, width, x.shape[-1])


def shift_mask(height, width, shift, like):
    """-100 between tokens that are neighbours only because rows and columns were rolled. windows x tokens x tokens."""
    region = lambda n: (torch.arange(n) >= n - WINDOW).long() + (torch.arange(n) >= n - shift).long()
    regions = 3 * region(height)[:, None] + region(width)[None, :]
    of = windows(regions[None, :, :, None]).squeeze(-1)
    return torch.where(of[:, :, None] == of[:, None, :], 0.0, -100.0).to(like)


class Projections(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.to_q = nn.Linear(channels, channels)
        self.to_kv = nn.Linear(channels, 2 * channels)


class WindowAttention(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        side = 2 * WINDOW - 1
        self.relative_position_bias_table = nn.Parameter(torch.randn(side * side, heads) * 0.02)
        row, column = torch.arange(_TOKENS) // WINDOW, torch.arange(_TOKENS) % WINDOW
        apart = lambda v: v[:, None] - v[None, :] + WINDOW - 1
        self.register_buffer("relative_position_index", apart(row) * side + apart(column))
        self.qkv = Projections(channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x, mask):
        count, tokens, channels = x.shape
        split = lambda v: v.reshape(count, tokens, self.heads, -1).transpose(1, 2)
        q = split(self.qkv.to_q(x)) * (channels // self.heads) ** -0.5
        k, v = map(split, self.qkv.to_kv(x).chunk(2, -1))
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        scores = q @ k.transpose(2, 3) + bias.reshape(tokens, tokens, -1).permute(2, 0, 1)
        if mask is not None:
            scores = (scores.unflatten(0, (-1, len(mask))) + mask[:, None]).flatten(0, 1)
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(count, tokens, channels))


class FeedForward(nn.Module):
    """Linear, 3x3 depthwise, linear."""

    def __init__(self, channels):
        super().__init__()
        inner = 4 * channels
        self.linear1 = nn.Sequential(nn.Linear(channels, inner), nn.GELU())
        self.dwconv = nn.Sequential(nn.Conv2d(inner, inner, 3, 1, 1, groups=inner), nn.GELU())
        self.linear2 = nn.Sequential(nn.Linear(inner, channels))

    def forward(self, x):
        y = self.dwconv(self.linear1(x).permute(0, 3, 1, 2))
        return self.linear2(y.permute(0, 2, 3, 1))


class Block(nn.Module):
    """N x H x W x C -> the same."""

    def __init__(self, channels, heads, shift, modulator):
        super().__init__()
        self.shift = shift
        self.modulator = nn.Embedding(_TOKENS, channels) if modulator else None
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = FeedForward(channels)

    def forward(self, x):
        height, width = x.shape[1:3]
        rolled = lambda v, by: torch.roll(v, (by, by), (1, 2)) if by else v
        y = windows(rolled(self.norm1(x), -self.shift))
        if self.modulator is not None:
            y = y + self.modulator.weight
        mask = shift_mask(height, width, self.shift, x) if self.shift else None
        x = x + rolled(unwindows(self.attn(y, mask), height, width), self.shift)
        return x + self.mlp(self.norm2(x))


class Stage(nn.Module):
    def __init__(self, channels, depth, heads, side, modulator):
        super().__init__()
        shift = lambda i: WINDOW // 2 if i % 2 and side > WINDOW else 0
        self.blocks = nn.ModuleList(Block(channels, heads, shift(i), modulator) for i in range(depth))

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x)
        return x.permute(0, 3, 1, 2)


class Wrapped(nn.Module):
    """A convolution under the name in the authors' blocks."""

    def __init__(self, name, *parts):
        super().__init__()
        self.name = name
        setattr(self, name, nn.Sequential(*parts))

    def forward(self, x):
        return getattr(self, self.name)(x)


class Uformer(nn.Module):
    """Uformer-T at its published widths. Sides are multiples of 128.

    `side`: side of the images that it is built for; stages not larger than a window do not shift their windows.
    """

    def __init__(self, width=16, depths=(2,) * 9, heads=(1, 2, 4, 8, 16, 16, 8, 4, 2), modulator=True, side=256):
        super().__init__()
        self.input_proj = Wrapped("proj", nn.Conv2d(3, width, 3, 1, 1), nn.LeakyReLU(0.01))
        self.output_proj = Wrapped("proj", nn.Conv2d(2 * width, 3, 3, 1, 1))
        for i in range(4):
            n = width << i
            setattr(self, f"encoderlayer_{i}", Stage(n, depths[i], heads[i], side >> i, False))
            setattr(self, f"dowsample_{i}", Wrapped("conv", nn.Conv2d(n, 2 * n, 4, 2, 1)))
        self.conv = Stage(16 * width, depths[4], heads[4], side >> 4, False)
        inputs = 16 * width
        for i in range(4):
            n = width << (3 - i)
            setattr(self, f"upsample_{i}", Wrapped("deconv", nn.ConvTranspose2d(inputs, n, 2, 2)))
            setattr(self, f"decoderlayer_{i}", Stage(2 * n, depths[5 + i], heads[5 + i], side >> (3 - i), modulator))
            inputs = 2 * n

    def forward(self, image):
        x = self.input_proj(image)
        skips = []
        for i in range(4):
            x = getattr(self, f"encoderlayer_{i}")(x)
            skips.append(x)
            x = getattr(self, f"dowsample_{i}")(x)
        x = self.conv(x)
        for i in range(4):
            x = torch.cat([getattr(self, f"upsample_{i}")(x), skips[3 - i]], 1)
            x = getattr(self, f"decoderlayer_{i}")(x)
        return image + self.output_proj(x)
