"""GGDBN: gradient-guided dual-branch network with a shared self-guiding pyramid (SCUT-SuFM/GGDBN, model.py)."""

import torch
from torch import nn
from torch.nn import functional as F

# Signed edge filters in four directions.
_EDGES = (
    ((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    ((2, 1, 0), (1, 0, -1), (0, -1, -2)),
    ((0, 1, 2), (-1, 0, 1), (-2, -1, 0)),
)


class Layer(nn.Module):
    """3x3 convolution, then a rectifier with one learned slope."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.act = nn.PReLU()

    def forward(self, x):
        return self.act(self.conv(x))


class DenseResidualBlock(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv1 = Layer(n, n // 2)
        self.conv2 = Layer(n + n // 2, n // 2)
        self.conv3 = Layer(2 * (n // 2) + n, n)

    def forward(self, x):
        seen = torch.cat([x, self.conv1(x)], 1)
        seen = torch.cat([seen, self.conv2(seen)], 1)
        return self.conv3(seen) + x


def conv_twice(n):
    return nn.Sequential(nn.Conv2d(n, n, 3, padding=1), nn.PReLU(), nn.Conv2d(n, n, 3, padding=1))


class Modulation(nn.Module):
    """gamma(condition) * x + beta(condition)."""

    def __init__(self, n):
        super().__init__()
        self.gamma = conv_twice(n)
        self.beta = conv_twice(n)

    def forward(self, x, condition):
        return self.gamma(condition) * x + self.beta(condition)


class Attention(nn.Module):
    """Weights channels by their largest and mean values."""

    def __init__(self, n, inner):
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(n, inner, 1, bias=False), nn.PReLU(), nn.Conv2d(inner, n, 1, bias=False))

    def forward(self, x):
        return x * torch.sigmoid(self.mlp(F.adaptive_max_pool2d(x, 1)) + self.mlp(F.adaptive_avg_pool2d(x, 1)))


class Pyramid(nn.Module):
    """Pyramid from coarse to fine; each level reads the image at its own size."""

    def __init__(self, top, middle, bottom):
        super().__init__()
        self.top1 = Layer(3 * 64, top)
        self.top2 = DenseResidualBlock(top)
        self.top3 = Layer(top, top)
        self.mid1 = Layer(3 * 16, middle)
        self.mid2 = Layer(middle + top // 4, middle)
        self.mid3 = DenseResidualBlock(middle)
        self.mid4 = Layer(middle, middle)
        self.bot1 = Layer(3 * 4, bottom)
        self.bot2 = Layer(bottom + middle // 4, bottom)
        self.bot3 = DenseResidualBlock(bottom)
        self.bot4 = Layer(bottom, bottom)

    def forward(self, image):
        coarse = F.pixel_shuffle(self.top3(self.top2(self.top1(F.pixel_unshuffle(image, 8)))), 2)
        x = torch.cat([self.mid1(F.pixel_unshuffle(image, 4)), coarse], 1)
        coarse = F.pixel_shuffle(self.mid4(self.mid3(self.mid2(x))), 2)
        x = torch.cat([self.bot1(F.pixel_unshuffle(image, 2)), coarse], 1)
        return F.pixel_shuffle(self.bot4(self.bot3(self.bot2(x))), 2)


class Branches(nn.Module):
    """Results of the image branch and the gradient branch, 3 channels each."""

    def __init__(self, width, pyramid, inner):
        super().__init__()
        base = pyramid[2] // 4
        self.base = Pyramid(*pyramid)
        self.main1 = Layer(3, width)
        self.main2 = Layer(width + base, width)
        self.adj1 = Modulation(width)
        self.main3 = DenseResidualBlock(width)
        self.adj2 = Modulation(width)
        self.main4 = DenseResidualBlock(width)
        self.main5 = Layer(width, 3)
        self.guide1 = nn.Sequential(Layer(4, width), DenseResidualBlock(width))
        self.guide2 = Layer(width + base, width)
        self.guide3 = nn.Sequential(DenseResidualBlock(width), Attention(width, inner))
        self.guide4 = nn.Sequential(DenseResidualBlock(width), Attention(width, inner))
        self.guide5 = Layer(width, 3)

    def forward(self, image, edges):
        base = self.base(image)
        guide = self.guide2(torch.cat([self.guide1(edges), base], 1))
        guide1 = self.guide3(guide) + guide
        guide2 = self.guide4(guide1) + guide1
        x = self.main2(torch.cat([self.main1(image), base], 1))
        x = self.main3(self.adj1(x, guide1))
        x = self.main4(self.adj2(x, guide2))
        return self.main5(x), self.guide5(guide2)


class Fusion(nn.Module):
    """The image's residual, from both branches."""

    def __init__(self, n):
        super().__init__()
        self.detail = nn.Sequential(nn.Conv2d(3, n, 1, bias=False))
        self.input = nn.Sequential(nn.Conv2d(3, n, 1, bias=False))
        self.cond = nn.Sequential(
            nn.Conv2d(1, n, 1, bias=False), nn.PReLU(),
            nn.Conv2d(n, n, 7, padding=3), nn.PReLU(),
            nn.Conv2d(n, n, 3, padding=1), nn.PReLU())
        self.gamma = conv_twice(n)
        self.beta = conv_twice(n)
        self.refine = conv_twice(n)
        self.final = nn.Sequential(nn.Conv2d(n, 3, 1))

    def forward(self, image, detail, gradient):
        condition = self.cond(gradient)
        x = self.refine(self.gamma(condition) * self.input(image) + self.beta(condition))
        return self.final(x + self.detail(detail))


class GGDBN(nn.Module):
    """Returns the clean image and the predicted gradient magnitude of its luma. Sides are multiples of 8."""

    def __init__(self, width=32, pyramid=(256, 128, 64), reduction=8, fusion=64):
        super().__init__()
        self.model = Branches(width, pyramid, width // reduction)
        self.fusion = Fusion(fusion)
        self.grad_gen = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, image):
        red, green, blue = image.split(1, 1)
        gray = 0.2989 * red + 0.587 * green + 0.114 * blue
        edges = F.conv2d(gray, image.new_tensor(_EDGES)[:, None], padding=1)
        detail, guide = self.model(image, edges)
        gradient = self.grad_gen(guide)
        return self.fusion(image, detail, gradient) + image, gradient
