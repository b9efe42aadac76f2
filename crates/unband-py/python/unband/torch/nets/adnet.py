"""ADNet (Tian et al., Neural Networks 124, 2020; hellloxiaotian/ADNet, color/models.py)."""

import torch
from torch import nn

_DILATED = (2, 5, 9, 12)


class ADNet(nn.Module):
    """Any size."""

    def __init__(self, width=64):
        super().__init__()
        for n in range(1, 16):
            apart = 2 if n in _DILATED else 1
            conv = nn.Conv2d(3 if n == 1 else width, width, 3, padding=apart, dilation=apart, bias=False)
            setattr(self, f"conv1_{n}", nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU()))
        self.conv1_16 = nn.Conv2d(width, 3, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(6, 3, 1)

    def forward(self, image):
        x = image
        for n in range(1, 17):
            x = getattr(self, f"conv1_{n}")(x)
        return image - self.conv3(torch.tanh(torch.cat([image, x], 1))) * x
