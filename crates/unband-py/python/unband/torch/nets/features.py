"""Feature networks for LPIPS and losses: VGG-16 and -19, AlexNet and SqueezeNet 1.1, with torchvision's indices.

Input is 0 to 1: the normalisation by ImageNet's means and deviations is included. `classifier` holds widths of the layers after
the features, which torchvision's files contain and nothing here reads; None skips them.
"""

import torch
from torch import nn

_MEANS = (0.485, 0.456, 0.406)
_DEVIATIONS = (0.229, 0.224, 0.225)


class Features(nn.Module):
    """The results of the numbered operations."""

    def __init__(self, features, taps, classifier):
        super().__init__()
        self.features, self.taps = features, taps
        if classifier is not None:
            self.classifier = classifier

    def forward(self, image):
        x = (image - image.new_tensor(_MEANS)[:, None, None]) / image.new_tensor(_DEVIATIONS)[:, None, None]
        results = []
        for place, part in enumerate(self.features):
            x = part(x)
            if place in self.taps:
                results.append(x)
        return tuple(results)


def dense_classifier(places, widths):
    """Dense layers at these indices of a sequence."""
    parts = [nn.Identity() for _ in range(places[-1] + 1)]
    for place, inputs, outputs in zip(places, widths, widths[1:]):
        parts[place] = nn.Linear(inputs, outputs)
    return nn.Sequential(*parts)


class Vgg(Features):
    """`stages`: convolutions before each halving."""

    def __init__(self, stages, taps, width=64, classifier=None):
        parts, inputs = [], 3
        for stage, convolutions in enumerate(stages):
            for _ in range(convolutions):
                outputs = width << min(stage, 3)
                parts += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
                inputs = outputs
            parts.append(nn.MaxPool2d(2))
        behind = classifier and dense_classifier((0, 3, 6), (inputs * 49, *classifier))
        super().__init__(nn.Sequential(*parts), taps, behind)


class AlexNet(Features):
    def __init__(self, widths=(64, 192, 384, 256, 256), classifier=None):
        kernels = ((11, 4, 2), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1))
        parts = []
        for i, (inputs, outputs, kernel) in enumerate(zip((3, *widths), widths, kernels)):
            parts += [nn.Conv2d(inputs, outputs, *kernel), nn.ReLU()]
            if i in (0, 1, 4):
                parts.append(nn.MaxPool2d(3, 2))
        behind = classifier and dense_classifier((1, 4, 6), (widths[-1] * 36, *classifier))
        super().__init__(nn.Sequential(*parts), (1, 4, 7, 9, 11), behind)


class Fire(nn.Module):
    """Squeezes the channels, then applies two convolutions in parallel."""

    def __init__(self, inputs, squeezed, half):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, half, 1)
        self.expand3x3 = nn.Conv2d(squeezed, half, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


_FIRES = ((16, 64),) * 2 + ((32, 128),) * 2 + ((48, 192),) * 2 + ((64, 256),) * 2


class SqueezeNet(Features):
    """`fires`: squeezed channels of a block, and half of its output channels."""

    def __init__(self, first=64, fires=_FIRES, classifier=None):
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        parts, inputs = [nn.Conv2d(3, first, 3, 2), nn.ReLU()], first
        for i, (squeezed, half) in enumerate(fires):
            if i in (0, 2, 4):
                parts.append(pool())
            parts.append(Fire(inputs, squeezed, half))
            inputs = 2 * half
        behind = classifier and nn.Sequential(nn.Identity(), nn.Conv2d(inputs, classifier, 1))
        super().__init__(nn.Sequential(*parts), (1, 4, 7, 9, 10, 11, 12), behind)
